"""Names that look alike: what a name looks like, as a text that is equal for names that cannot be told apart.

Source: UTS #39, Unicode Security Mechanisms, section 4, "Confusable Detection". There are two relations:

* `skeleton` is the standard's: names exactly as they are written. BiIl and Bill are one, bill and biil are two.
* `looks` is for a name that somebody owns, and may write in small letters or capitals as he likes: two names can be
  mistaken for each other when their looks have one in common. Ian and lan can, MAX and МАХ can, Neil and Nell cannot.

No single key says the second: н looks like ʜ but Н like H, so that joining whatever looks alike in some case would join
half of the alphabet.
"""

from functools import cache
from unicodedata import normalize

from veche.wire.names import IGNORABLE

# The table's rows of ASCII, so that names in it need neither the table nor a second look.
_ASCII_ROWS = {"0": "O", "1": "l", "I": "l", "m": "rn", "|": "l", "`": "'", '"': "''", "%": "o/O"}
_ASCII = str.maketrans(_ASCII_ROWS)
_MOVED = frozenset(_ASCII_ROWS)


def skeleton(name: str) -> str:
    """What a name looks like as it is written: two names are confusable exactly when this is equal for both.

    UTS #39, section 4: NFD; away with what is Default_Ignorable_Code_Point; each character's prototype; NFD again. Here
    compatibility forms, which no nick may hold, are taken apart too. The skeleton of a skeleton is itself. It is for
    comparing and not for showing.
    """
    if name.isascii():
        return name if _MOVED.isdisjoint(name) else name.translate(_ASCII)
    return normalize("NFD", normalize("NFKD", name).translate(_prototypes()))


def looks(name: str) -> frozenset[str]:
    """Everything that a name may look like: the skeletons of it as it is written, in small letters, in capitals, and
    with a first capital."""
    return frozenset(map(skeleton, (name, name.lower(), name.upper(), name.capitalize())))


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
