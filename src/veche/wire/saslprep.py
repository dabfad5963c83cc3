"""Names and passwords as they are compared: the same characters typed on two keyboards become the same bytes.

The rule: what SASLprep forbids is not refused but taken as it is. Unicode 3.2, which it stands on, knows no emoji, and
most clients send passwords unprepared; refusing would lock people out, and leaving such a text alone loses nothing,
because then both sides leave it alone. (PostgreSQL does the same.)

Sources: RFC 4013 (SASLprep), RFC 3454 (stringprep).
"""

from stringprep import (
    in_table_a1,
    in_table_b1,
    in_table_c3,
    in_table_c4,
    in_table_c5,
    in_table_c6,
    in_table_c7,
    in_table_c8,
    in_table_c9,
    in_table_c12,
    in_table_c21_c22,
    in_table_d1,
    in_table_d2,
)
from unicodedata import ucd_3_2_0

# RFC 4013, 2.3 "Prohibited Output" and 2.5 "Unassigned Code Points".
_PROHIBITED = (
    in_table_a1,
    in_table_c12,
    in_table_c21_c22,
    in_table_c3,
    in_table_c4,
    in_table_c5,
    in_table_c6,
    in_table_c7,
    in_table_c8,
    in_table_c9,
)


def prepare(text: str) -> str:
    """The text after SASLprep, or as it is where that forbids it or would leave nothing of it.

    Time is linear in the length of the text; whoever takes texts from strangers limits them first.
    """
    if text.isascii():
        return text  # nothing is mapped; a control character would be forbidden, and so left as it is
    # 2.1: "non-ASCII space characters [...] can be mapped to SPACE", and "commonly mapped to nothing" goes.
    mapped = "".join(" " if in_table_c12(char) else char for char in text if not in_table_b1(char))
    # 2.2: "Unicode normalization form KC".
    prepared = ucd_3_2_0.normalize("NFKC", mapped)
    return prepared if prepared and _is_allowed(prepared) else text


def _is_allowed(text: str) -> bool:
    if any(is_prohibited(char) for char in text for is_prohibited in _PROHIBITED):
        return False
    # RFC 3454, 6: with a right-to-left character in it there may be no left-to-right one, and
    # "a RandALCat character MUST be the first character of the string, and [...] the last".
    if any(map(in_table_d1, text)):
        return not any(map(in_table_d2, text)) and in_table_d1(text[0]) and in_table_d1(text[-1])
    return True
