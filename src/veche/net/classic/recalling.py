"""What was said before, for a visitor who asks: /history and /search.

The rule: the engine decides what he may read; here it is asked in his name, and its answer is told as one text when all
of it has come. What one says meanwhile passes by: an answer is known by its label, never by its place.

Sources: chathistory (draft); search (soju.im/search); labeled-response; batch.
"""

from veche.net.classic.text import plain
from veche.net.classic.visit import Visit
from veche.wire.lines import BODY_LIMIT
from veche.wire.message import Message, escape
from veche.wire.names import is_room, is_valid_nick

# Lines of a history where he says no number, and at most: what a terminal without a pager can still scroll back to.
USUAL_LINES = 20
MOST_LINES = 100
MOST_FOUND = 10
_ACTION = "\x01ACTION "
# What the engine's refusals mean to him; any other is a trouble that passes.
_REFUSALS = {
    ("CHATHISTORY", "INVALID_TARGET"): "no_history",
    ("SEARCH", "INVALID_PARAMS"): "no_words",
}


class Recall:
    """One question of his: `of` is whose history is wanted, "" for a search."""

    __slots__ = ("depth", "is_partial", "of", "said")

    def __init__(self, of: str) -> None:
        self.of = of
        self.depth = 0  # batches of the answer that are open
        self.said: list[Message] = []
        self.is_partial = False  # the engine says that there may be more


# ---- asking


def history(visit: Visit, rest: str) -> None:
    """/history [N], of the room; /history NAME [N], of the talk with one person."""
    words = rest.split()
    name = words.pop(0) if words and not _is_number(words[0]) else ""
    number = words.pop(0) if words else str(USUAL_LINES)
    if words or not _is_number(number) or int(number) == 0:
        visit.explain("how_to_history", limit=MOST_LINES)
    elif name and not is_valid_nick(name, 100):
        visit.explain("nobody", name=name)
    elif not (name or visit.lobby):
        visit.explain("no_room")
    else:
        target = name or visit.lobby
        _ask(visit, Recall(target), f"CHATHISTORY LATEST {target} * {min(int(number), MOST_LINES)}")


def search(visit: Visit, rest: str) -> None:
    """/search WORDS: in the room, and in his own talk with single persons."""
    # Room for the label is not counted: tags have their own.
    line = f"SEARCH :limit={MOST_FOUND};text={escape(rest)}"
    if not rest or len(line.encode()) > BODY_LIMIT:
        visit.explain("how_to_search")
    else:
        _ask(visit, Recall(""), line)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 6


def _ask(visit: Visit, recall: Recall, line: str) -> None:
    visit.last_label += 1
    visit.recalls[str(visit.last_label)] = recall
    visit.to_engine.append(f"@label={visit.last_label} {line}")


# ---- the answer


def take(visit: Visit, message: Message) -> bool:
    """Take a line that belongs to an answer; False for any other."""
    recall = visit.recalls.pop(message.tags.get("label", ""), None) or visit.batches.get(
        message.tags.get("batch", "")
    )
    if message.command == "BATCH" and message.params:
        return _batch(visit, message.params[0], recall)
    if recall is None:
        return False
    if message.command in ("PRIVMSG", "NOTICE"):
        recall.said.append(message)
    elif message.command == "NOTE":
        recall.is_partial = True
    elif message.command == "FAIL":
        key = _REFUSALS.get((message.params[0], "".join(message.params[1:2])), "record_away")
        visit.explain(key, name=recall.of)
    else:
        return message.command == "ACK"  # a numeric has words of its own
    return True


def _batch(visit: Visit, word: str, recall: Recall | None) -> bool:
    """A batch begins or ends; one that is in no answer (what the room has said last) is passed over."""
    sign, reference = word[:1], word[1:]
    if sign == "+":
        if recall is not None:
            recall.depth += 1
            visit.batches[reference] = recall
        return recall is not None
    recall = visit.batches.pop(reference, None)
    if recall is None:
        return False
    recall.depth -= 1
    if not recall.depth:
        _tell(visit, recall)
    return True


def _tell(visit: Visit, recall: Recall) -> None:
    is_search = not recall.of
    # A history reads downwards; of what was found the newest is wanted most.
    said = sorted(recall.said, key=_time, reverse=is_search)
    lines = [line for line in (_line(visit, message, is_search=is_search) for message in said) if line]
    if lines:
        head = visit.say("found") if is_search else visit.say("history", name=plain(recall.of))
        visit.tell("\n".join([head, *lines]))
    else:
        visit.explain("found_nothing" if is_search else "history_empty", name=recall.of)
    if recall.is_partial:
        visit.explain("found_part")


def _time(message: Message) -> str:
    return message.tags.get("time", "")


def _line(visit: Visit, message: Message, *, is_search: bool) -> str:
    """One message with its time, and where it was said if that is not plain; "" for what nobody reads."""
    if len(message.params) < 2:
        return ""
    target, text = message.params[0], message.params[-1]
    is_action = text.startswith(_ACTION)
    if text.startswith("\x01") and not is_action:
        return ""
    text = plain(text[len(_ACTION) :] if is_action else text)
    if not text.strip():
        return ""
    nick = plain(message.nick)
    where = ""
    if is_search:
        where = f"{plain(target)} " if is_room(target) else f"-> {plain(target)} "
    said = f"* {nick} {text}" if is_action else f"{nick}: {text}"
    return visit.clock(_time(message)) + where + said
