"""Back through a conversation, page after page.

The rule: pages are of lines, and hold who came and went as well as messages; whoever wants messages goes on until he
has some. What is asked, and what a refusal means, is the caller's.

Source: chathistory.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable

from veche.client.events import Answer
from veche.client.gaps import reference
from veche.client.model import Model

# Asked for at a time, where the server sets no lower limit.
PAGE = 100


def page_size(model: Model, wanted: int) -> int:
    """How many lines to ask for; 0 wants as many as is usual."""
    # "the maximum number of messages a client can request in a single command [...] If 0, the client SHOULD
    # assume that there is no maximum number of messages."
    limit = model.number("CHATHISTORY", 0)
    return min(wanted or PAGE, limit) if limit else wanted or PAGE


async def pages_back(
    ask: Callable[..., Awaitable[Answer | None]],
    model: Callable[[], Model],
    conversation: str,
    start: str,
    first: int,
) -> AsyncGenerator[Answer, None]:
    """The pages before `start` (`gaps.reference`; "" for the newest), the newest one first: the first of at most
    `first` lines, the others of `PAGE`. It ends with the beginning of the conversation, with a server that gives the
    same page again, or when `ask` gives None.
    """
    size = first
    while True:
        how = ("BEFORE", conversation, start) if start else ("LATEST", conversation, "*")
        answer = await ask("CHATHISTORY", *how, str(page_size(model(), size)))
        if answer is None:
            return
        yield answer
        before = reference(model().tokens, *answer.ends[0]) if answer.ends is not None else start
        if before == start:
            return
        start, size = before, PAGE
