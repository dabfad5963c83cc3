"""Events as lines to read.

The rule: pure; every word of a stranger goes through `text.plain`, and an event that a reader has no use for gives no
line.
"""

from collections.abc import Callable
from datetime import date, datetime

from veche.client import events as ev
from veche.client.hushed import fit_to_show
from veche.client.plain_phrases import end_of, reason_of
from veche.client.text import plain
from veche.phrases import Phrases
from veche.wire import numerics as n
from veche.wire.names import fold

# Words of the server that a person wants to read: the message of the day, and what operators are told.
_TOLD = frozenset({n.RPL_MOTD})


class Show:
    """Turns events into lines. `local` gives the reader's local time of a moment; `current` is the conversation
    that the reader is in, whose name need not be said with each line. A line of another day than the one before it
    (of the first: than `today`) is preceded by its date.
    """

    def __init__(self, say: Phrases, local: Callable[[datetime], datetime], today: date) -> None:
        self.current = ""
        self.taken_back = ""  # what a `MessageRedacted` speaks of, where that is known
        self._say = say
        self._local = local
        self._day = today

    def lines(self, event: ev.Event) -> list[str]:
        """The lines for an event; none for what goes on behind the scenes."""
        text = self.text(event)
        if not text:
            return []
        moment = self._local(event.time)
        lines = [f"{moment:%H:%M} {text}"]
        # Replayed talk may be of another day than the line above it.
        if self._day != moment.date():
            lines.insert(0, f"--- {moment:%Y-%m-%d} ---")
            self._day = moment.date()
        return lines

    def text(self, event: ev.Event) -> str:
        """The same without time and date; "" for what goes on behind the scenes."""
        match event:
            case ev.MessageReceived():
                return self._message(event)
            case ev.Told() | ev.Refused() | ev.CtcpReceived() | ev.LineDropped() | ev.EventsDropped():
                return self._service(event)
            case ev.GapFilled() | ev.Disconnected():
                return self._connection(event)
            case _:
                news = self._news(event)
                return "* " + news if news else ""

    def _message(self, event: ev.MessageReceived) -> str:
        sender, text = plain(event.sender), plain(fit_to_show(event))
        where = ""
        if event.is_private:
            who = self._say("you") if event.is_mine else sender
            where = f"[{who} -> {plain(event.target) if event.is_mine else self._say('to_you')}] "
        elif event.conversation != self.current:
            where = plain(event.conversation) + " "
        if event.kind == "action":
            return f"{where}* {sender} {text}"
        if event.is_private:
            return where + text
        if event.is_edited:
            text += " " + self._say("edited_mark")
        return f"{where}-{sender}- {text}" if event.kind == "notice" else f"{where}<{sender}> {text}"

    def _service(self, event: ev.Event) -> str:
        say = self._say
        match event:
            case ev.Told(code=code, params=params) if code in _TOLD:
                return plain(params[-1]) if params else ""
            case ev.Told(code=n.RPL_AWAY, params=(nick, *_, text)):
                return "* " + say("is_away", nick=plain(nick), text=plain(text))
            case ev.Told(code="WARN" | "NOTE", params=params) if params:
                return "* " + say("server_says", text=plain(params[-1]))
            case ev.Refused():
                return "* " + say("server_says", text=reason_of(say, event))
            case ev.CtcpReceived(sender=sender, command=command):
                return "* " + say("ctcp", nick=plain(sender), command=plain(command)[:20])
            case ev.LineDropped():
                return "* " + say("line_dropped")
            case ev.EventsDropped(count=count):
                return "* " + say.count("dropped", count)
        return ""

    def _connection(self, event: ev.Event) -> str:
        say = self._say
        match event:
            case ev.Disconnected(reason=reason, retry_in=None):
                return "* " + say("gave_up", reason=end_of(say, reason))
            case ev.Disconnected(reason=reason, retry_in=float(seconds)):
                return "* " + say("disconnected", reason=end_of(say, reason), seconds=f"{seconds:.0f}")
        return ""

    def _news(self, event: ev.Event) -> str:
        say = self._say
        match event:
            case ev.PersonJoined(nick=nick, room=room, is_me=False):
                return say("came", nick=plain(nick), room=plain(room))
            case ev.MessageEdited(sender=sender, text=text):
                return self._where(event) + say("edited", nick=plain(sender), text=plain(text))
            case ev.MessageRedacted(by=by, reason=reason):
                nick, why = plain(by), f" ({plain(reason)})" if reason else ""
                what = self.taken_back
                said = say("redacted_that", nick=nick, text=what) if what else say("redacted", nick=nick)
                return self._where(event) + said + why
            case ev.LoggedIn(account=account):
                return say("logged_in", account=plain(account))
            case ev.LoggedOut():
                return say("logged_out")
            case ev.PersonLeft():
                return self._left(event)
            case ev.PersonQuit(nick=nick):
                return say("gone", nick=plain(nick))
            case ev.NickChanged(old=old, new=new, is_me=is_me):
                return (
                    say("you_renamed", new=plain(new))
                    if is_me
                    else say("renamed", old=plain(old), new=plain(new))
                )
            case ev.TopicSet(room=room, topic=topic, by=by):
                key = ("topic_by" if topic else "topic_cleared") if by else ("topic" if topic else "")
                return say(key, room=plain(room), topic=plain(topic), by=plain(by)) if key else ""
            # Not those of a server, nor our own, which the server sets without our doing.
            case ev.ModeChanged(target=room, by=by, words=words) if "." not in by and by != room:
                return say("modes", room=plain(room), by=plain(by), words=plain(" ".join(words)))
            case ev.PersonInvited(by=by, room=room):
                return say("invited", by=plain(by), room=plain(room))
        return ""

    def _where(self, event: ev.MessageEdited | ev.MessageRedacted) -> str:
        """The conversation in front, where it is not the one that the reader is in."""
        return "" if event.conversation == self.current else plain(event.conversation) + ": "

    def _left(self, event: ev.PersonLeft) -> str:
        words = {"nick": plain(event.nick), "room": plain(event.room), "by": plain(event.by)}
        key = ("you_" if event.is_me else "") + ("kicked" if event.by else "left")
        reason = plain(event.reason)
        return self._say(key, **words) + (f" ({reason})" if reason else "")


def who_lines(say: Phrases, answer: ev.Answer) -> list[str]:
    """The answer to WHO: who is there, and who is away."""
    lines = []
    # 352 <client> <channel> <username> <host> <server> <nick> <flags> :<hopcount> <realname>
    for row in answer.numerics(n.RPL_WHOREPLY):
        if len(row) >= 7:
            nick = plain("".join(sign for sign in row[5] if sign in "~&@%+") + row[4])
            away = say("who_away") if row[5][:1] == "G" else ""
            more = "  ".join(word for word in (_real_name(row[6].partition(" ")[2], row[4]), away) if word)
            lines.append(f"  {nick:<16}  {more}".rstrip())
    return lines or [say("who_nobody")]


def _real_name(real: str, nick: str) -> str:
    """A real name to show beside a nick; "" for none, and for the nick, which programs send for want of one."""
    real = plain(real).strip()
    return "" if fold(real) == fold(plain(nick)) else real


def whois_lines(say: Phrases, answer: ev.Answer) -> list[str]:
    """The answer to WHOIS: who somebody is, where, and how long they have been silent."""
    lines = []
    # 311 <client> <nick> <username> <host> * :<realname>
    for row in answer.numerics(n.RPL_WHOISUSER):
        if len(row) >= 5:
            nick, user, host = (plain(word) for word in row[:3])
            real = _real_name(row[4], row[0])
            if real:
                lines.append(say("whois", nick=nick, user=user, host=host, real=real))
            else:
                lines.append(say("whois_nick", nick=nick, user=user, host=host))
    lines += [say("whois_rooms", rooms=plain(row[-1])) for row in answer.numerics(n.RPL_WHOISCHANNELS) if row]
    for row in answer.numerics(n.RPL_WHOISIDLE):
        if len(row) >= 2 and row[1].isascii() and row[1].isdigit() and len(row[1]) < 10:
            seconds = int(row[1])
            lines.append(
                say("whois_idle", time=f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}")
            )
    for row in answer.numerics(n.RPL_AWAY):
        lines.append("  " + say("is_away", nick=plain(row[0]), text=plain(row[-1])) if row else "")
    return lines or [say("who_nobody")]
