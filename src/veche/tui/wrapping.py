"""Where a text breaks into lines of a terminal.

The rule: pure, and cheap for the usual text that fits: a hundred thousand of them are measured when a window changes.
"""

from rich.cells import cell_len, get_character_cell_size


def wrap(text: str, width: int) -> list[int]:
    """The offsets at which a text of no more lines than one is cut to lines of `width` cells; none when it fits.

    Cuts come behind a space where there is one in the second half of a line, else between characters.
    """
    width = max(width, 2)
    if len(text) <= width and (text.isascii() or cell_len(text) <= width):
        return []
    cuts: list[int] = []
    start = cells = 0
    space = -1
    for index, char in enumerate(text):
        size = 1 if char < "\x7f" else get_character_cell_size(char)
        if cells + size > width and char != " ":
            cut = space if space - start > width // 2 else index
            cuts.append(cut)
            start, cells, space = cut, cell_len(text[cut:index]), -1
        cells += size
        if char == " ":
            space = index + 1
    return cuts
