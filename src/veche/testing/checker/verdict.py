"""From what was observed to what is wrong. Pure: the same observations give the same verdict in every bug report.

A send without an answer is "unknown": it may be in history or not, nobody promised anything. Everything else is
promised, and each promise below is one `Promise`, checked by one function.
"""

from collections import defaultdict
from enum import Enum

from .record import Answered, Event, Kept, Seen, Sent


class Promise(Enum):
    """What must hold. The value is how a breach of it is called in the report."""

    ACKNOWLEDGED_IS_KEPT = "acknowledged, but not in history"
    SEEN_IS_KEPT = "seen by someone, but not in history"
    ONCE_IN_HISTORY = "in history more than once"
    ONCE_ON_THE_WIRE = "delivered twice to one client"
    ONLY_WHAT_WAS_SENT = "delivered or kept, but nobody sent it"
    LIVE_ORDER = "delivered in another order than history has"
    NO_HOLE = "left out of the middle of a live feed"
    ECHO_ORDER = "acknowledged in another order than history has"
    SENDER_ORDER = "a sender's messages stand in history in another order than they were sent"
    ONE_MSGID = "one message, several msgids"
    OWN_MSGID = "one msgid, several messages"
    ONE_TIME = "one message, several times"
    ONE_ANSWER = "one send, several answers"
    OWN_LABEL = "a label on the echo of another message"
    REFUSED_IS_GONE = "refused, but kept or delivered all the same"
    ANSWERED = "read and kept, but never answered"
    ALL_ANSWERED = "never answered"
    STATE_IS_KEPT = "a change was acknowledged, and is not so"
    ONLY_WHAT_WAS_ASKED = "something is as nobody has ever asked for"
    LASTING = "there after one fault, but gone or changed after a later one"
    PLAYED = "the server did not do what the fault asks of it"


class Finding:
    """One breach of one promise. `words` name the message and the persons."""

    __slots__ = ("promise", "words")

    def __init__(self, promise: Promise, words: str) -> None:
        self.promise = promise
        self.words = words

    def __repr__(self) -> str:
        return f"Finding({self.promise.name}, {self.words!r})"


class Verdict:
    """The findings, and the counts that show how much was put to the test."""

    __slots__ = (
        "acknowledged",
        "findings",
        "found",
        "history",
        "refused",
        "seen",
        "sent",
        "unknown",
        "unknown_kept",
    )

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.sent = 0
        self.acknowledged = 0
        self.refused = 0
        self.unknown = 0
        self.unknown_kept = 0
        self.seen = 0
        self.history = 0
        self.found = 0  # things that were changed, and looked at afterwards

    @property
    def is_clean(self) -> bool:
        """Every promise was kept."""
        return not self.findings

    def add(self, promise: Promise, words: str) -> None:
        """Note a breach."""
        self.findings.append(Finding(promise, words))

    def absorb(self, other: "Verdict") -> None:
        """Add another round's verdict to this one."""
        self.findings.extend(other.findings)
        for count in self.__slots__:
            if count == "findings":
                continue
            setattr(self, count, getattr(self, count) + getattr(other, count))


class Answers(Enum):
    """Which sends must have been answered when the observations end."""

    SOME = "the server may have died at any moment"
    KEPT = "a clean end: what was kept was read, and what was read must have been answered"
    ALL = "the server is alive and had time: every send"


def judge(events: list[Event], history: list[Kept], answers: Answers = Answers.SOME) -> Verdict:
    """Hold the observations of one room against its history, which is given from its first message to its last."""
    case = _Case(events, history)
    case.check_history()
    case.check_sends(answers)
    case.check_feeds()
    case.check_order()
    case.check_names()
    return case.verdict


class _Case:
    """One room's observations, sorted into the shapes that the questions need."""

    def __init__(self, events: list[Event], history: list[Kept]) -> None:
        self.verdict = Verdict()
        self.history = history
        self.sends: dict[str, Sent] = {}
        self.answers: dict[str, list[Answered]] = {}
        # By writer, and by client, in the order of arrival.
        self.acknowledged: dict[str, list[str]] = defaultdict(list)
        self.feeds: dict[str, list[Seen]] = defaultdict(list)
        for event in events:
            match event:
                case Sent():
                    self.sends[event.text] = event
                case Answered():
                    self.answers.setdefault(event.text, []).append(event)
                    if event.outcome == "acknowledged":
                        self.acknowledged[event.writer].append(event.text)
                case Seen():
                    self.feeds[event.client].append(event)
        # Where a message stands; of a repeated one its first place, the repetition is a finding of its own.
        self.place: dict[str, int] = {}
        for index, kept in enumerate(history):
            self.place.setdefault(kept.text, index)
        self.verdict.history = len(history)
        self.verdict.seen = sum(map(len, self.feeds.values()))

    def check_history(self) -> None:
        """History holds what was sent, once, under its sender's name."""
        counts: dict[str, int] = defaultdict(int)
        for kept in self.history:
            counts[kept.text] += 1
            self._check_sender(kept.text, kept.sender, "history")
        for text, count in counts.items():
            if count > 1:
                self.verdict.add(Promise.ONCE_IN_HISTORY, f"{short(text)}: {count} times")

    def check_sends(self, answers: Answers) -> None:
        """Each send: answered at most once, and history agrees with the answer."""
        verdict = self.verdict
        verdict.sent = len(self.sends)
        for text, sent in self.sends.items():
            given = self.answers.get(text, [])
            if len(given) > 1:
                words = ", ".join(answer.outcome for answer in given)
                verdict.add(Promise.ONE_ANSWER, f"{short(text)}: {words}")
            if not given:
                self._count_unknown(text, sent, answers)
                continue
            answer = given[0]
            if answer.outcome == "acknowledged":
                verdict.acknowledged += 1
                if text not in self.place:
                    words = f"{short(text)}: acknowledged at {answer.at:.3f} s as {answer.msgid or 'nothing'}"
                    verdict.add(Promise.ACKNOWLEDGED_IS_KEPT, words)
                if answer.words:
                    verdict.add(Promise.OWN_LABEL, f"{short(text)}: the echo says {short(answer.words)}")
            elif answer.outcome == "open":
                verdict.unknown += 1
                verdict.unknown_kept += text in self.place
            else:
                verdict.refused += 1
                if text in self.place:
                    verdict.add(Promise.REFUSED_IS_GONE, f"{short(text)}: {answer.words}; it is in history")
        for text in self.answers.keys() - self.sends.keys():
            verdict.add(Promise.ONLY_WHAT_WAS_SENT, f"{short(text)}: answered")

    def _count_unknown(self, text: str, sent: Sent, answers: Answers) -> None:
        verdict = self.verdict
        verdict.unknown += 1
        is_kept = text in self.place
        verdict.unknown_kept += is_kept
        if answers is Answers.ALL:
            where = "it is in history" if is_kept else "it is not in history"
            verdict.add(Promise.ALL_ANSWERED, f"{short(text)}: sent at {sent.at:.3f} s; {where}")
        elif answers is Answers.KEPT and is_kept:
            verdict.add(Promise.ANSWERED, f"{short(text)}: sent at {sent.at:.3f} s")

    def check_feeds(self) -> None:
        """Each client's live feed is a stretch of history: same messages, same order, no hole, no repetition."""
        for client, feed in self.feeds.items():
            met: set[str] = set()
            for seen in feed:
                self._check_sender(seen.text, seen.sender, client)
                if seen.text in met:
                    self.verdict.add(Promise.ONCE_ON_THE_WIRE, f"{short(seen.text)}: to {client}")
                    continue
                met.add(seen.text)
                if seen.text not in self.place:
                    words = f"{short(seen.text)}: seen by {client} at {seen.at:.3f} s"
                    self.verdict.add(Promise.SEEN_IS_KEPT, words)
                if any(answer.outcome == "refused" for answer in self.answers.get(seen.text, [])):
                    self.verdict.add(Promise.REFUSED_IS_GONE, f"{short(seen.text)}: seen by {client}")
            places = [self.place[text] for text in met if text in self.place]
            if places:
                for kept in self.history[min(places) : max(places)]:
                    if kept.text not in met:
                        words = f"{short(kept.text)}: {client} saw what stands around it"
                        self.verdict.add(Promise.NO_HOLE, words)

    def check_order(self) -> None:
        """Live feeds, echoes and each sender's own sequence run through history forwards only."""
        for client, feed in self.feeds.items():
            self._check_forward([seen.text for seen in feed], Promise.LIVE_ORDER, f"to {client}")
        for writer, texts in self.acknowledged.items():
            self._check_forward(texts, Promise.ECHO_ORDER, f"to {writer}")
        by_writer: dict[str, list[str]] = defaultdict(list)
        for text, sent in self.sends.items():
            by_writer[sent.writer].append(text)
        for writer, texts in by_writer.items():
            self._check_forward(texts, Promise.SENDER_ORDER, f"from {writer}")

    def _check_forward(self, texts: list[str], promise: Promise, whom: str) -> None:
        before = ""
        for text in texts:
            place = self.place.get(text)
            if place is None:
                continue  # its absence is a finding of its own where it matters
            if before and place < self.place[before]:
                self.verdict.add(promise, f"{short(text)} after {short(before)}, {whom}")
            before = text

    def check_names(self) -> None:
        """A message has one msgid and one time wherever it is shown, and shares its msgid with no other."""
        msgids: dict[str, dict[str, str]] = defaultdict(dict)  # text -> msgid -> where it was first met
        times: dict[str, dict[str, str]] = defaultdict(dict)
        owners: dict[str, set[str]] = defaultdict(set)  # msgid -> texts
        for client, feed in self.feeds.items():
            for seen in feed:
                msgids[seen.text].setdefault(seen.msgid, f"live to {client}")
                times[seen.text].setdefault(seen.time, f"live to {client}")
        for given in self.answers.values():
            for answer in given:
                if answer.outcome == "acknowledged" and not answer.words:
                    msgids[answer.text].setdefault(answer.msgid, f"echo to {answer.writer}")
        for kept in self.history:
            msgids[kept.text].setdefault(kept.msgid, "history")
            times[kept.text].setdefault(kept.time, "history")
        for text, found in msgids.items():
            if len(found) > 1:
                self.verdict.add(Promise.ONE_MSGID, f"{short(text)}: {_places(found)}")
            for msgid in found:
                owners[msgid].add(text)
        for text, found in times.items():
            if len(found) > 1:
                self.verdict.add(Promise.ONE_TIME, f"{short(text)}: {_places(found)}")
        for msgid, texts in owners.items():
            if not msgid:
                self.verdict.add(Promise.ONE_MSGID, f"{short(min(texts))} (of {len(texts)}): no msgid at all")
            elif len(texts) > 1:
                self.verdict.add(Promise.OWN_MSGID, f"{msgid}: {', '.join(map(short, sorted(texts)))}")

    def _check_sender(self, text: str, sender: str, where: str) -> None:
        sent = self.sends.get(text)
        if sent is None:
            self.verdict.add(Promise.ONLY_WHAT_WAS_SENT, f"{short(text)}: in {where}, from {sender}")
        elif sent.writer != sender:
            self.verdict.add(Promise.ONLY_WHAT_WAS_SENT, f"{short(text)}: in {where} as {sender}'s")


def _places(found: dict[str, str]) -> str:
    return ", ".join(f"{value or 'none'} ({where})" for value, where in found.items())


def short(text: str) -> str:
    """A message's name for the report: writer and number, without the padding that follows."""
    words = text.split(" ")
    return " ".join(words[:2]) if len(words) > 1 and words[1].startswith("#") else text[:40]
