"""Names that look alike: what a name looks like, as texts that are equal for names that can be mistaken for each other.

Source: UTS #39, Unicode Security Mechanisms, section 4, "Confusable Detection". There are two relations:

* `skeleton` is the standard's, for names exactly as they are written: BiIl and Bill are one, bill and biil are two.
* `looks` is for a name that somebody owns, and may write in small letters or capitals as he likes: two names can be
  mistaken for each other when their looks have one in common. Neil and Nell can (NEIL), and MAX and МАХ.

No single key says the second: н looks like ʜ but Н like H, so that joining whatever looks alike in some case would join
n with v and r with y. It is done for what Latin letters look like, and for whole names in each case otherwise.
"""

from functools import cache, lru_cache
from typing import Final
from unicodedata import normalize

from veche.wire.names import IGNORABLE

# The table's rows of ASCII, so that names in it need neither the table nor a second look.
_ASCII_ROWS: Final = {"0": "O", "1": "l", "I": "l", "m": "rn", "|": "l", "`": "'", '"': "''", "%": "o/O"}
# With the letters that stay, too: one that is missing there costs as much as an exception.
_ALL_ASCII: Final = {chr(code): chr(code) for code in range(128)}
_ASCII: Final = str.maketrans(_ALL_ASCII | _ASCII_ROWS)
_MOVED: Final = frozenset(_ASCII_ROWS)
# What is one when case is ignored. Small capitals are what small letters of other alphabets look like.
_CLOSE: Final = str.maketrans(
    {
        **_ALL_ASCII,
        **dict(zip("ᴀʙᴄᴅᴇꜰɢʜᴊᴋʟɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghjklnoprstuvwyz", strict=True)),
        **dict.fromkeys("1i|ɪ", "l"),
        **dict.fromkeys("mᴍʍ", "rn"),
        "0": "o",
        "ĸ": "k",
        "`": "'",
    }
)


# Whoever comes is looked at several times before he is in.
@lru_cache(maxsize=512)
def skeleton(name: str) -> str:
    """What a name looks like as it is written: two names are confusable exactly when this is equal for both.

    UTS #39, section 4: NFD; away with what is Default_Ignorable_Code_Point; each character's prototype; NFD again. Here
    compatibility forms, which no nick may hold, are taken apart too. The skeleton of a skeleton is itself. It is for
    comparing and not for showing.
    """
    if name.isascii():
        return name if _MOVED.isdisjoint(name) else name.translate(_ASCII)
    return normalize("NFD", normalize("NFKD", name).translate(_prototypes()))


@lru_cache(maxsize=512)
def looks(name: str) -> frozenset[str]:
    """Everything that a name may be mistaken for, however it is written: one look in ASCII, up to four beyond it.

    Closer than the standard: i and I, and so l, 1 and |; o and 0; m and rn; small capitals.
    """
    if name.isascii():
        return frozenset((name.lower().translate(_CLOSE),))
    cases = (name, name.lower(), name.upper(), name.capitalize())
    return frozenset(skeleton(case).lower().translate(_CLOSE) for case in cases)


@cache
def _prototypes() -> dict[int, str]:
    # Loaded at the first name beyond ASCII: some servers never meet one.
    from veche.wire.confusables_table import TABLE  # noqa: PLC0415

    # What step 2 removes is otherwise format characters, which no name may hold.
    prototypes = dict.fromkeys(map(ord, IGNORABLE), "")
    for word in TABLE.split():
        codes, _, sources = word.partition(":")
        prototype = "".join(chr(int(code, 16)) for code in codes.split("+"))
        for source in sources.split("."):
            prototypes[int(source, 16)] = prototype
    return prototypes
