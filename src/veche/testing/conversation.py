"""Plays a `.talk` file: persons talk to a whole server in one process, and the play says who hears what.

    setting lobby = #lobby               before anybody comes: a setting of the server (core.settings), or "store = off"
    operator root with password x        the config has such a block (before anybody comes); "from MASK" may follow
    the owner's code is CODE             whoever says it owns the server (NickServ OWN)
    ann connects with echo-message       she is let in under this nick; her welcome is taken as heard
    ann connects from 192.0.2.1          the same ("with ..." may stand before it; "with everything": all common ones)
    ann opens a connection               she is connected and has said nothing yet
    ann: PRIVMSG bob :hello              she says one line; then the server does all that it can
    ann says at once:                    she says the lines below in one piece
    all at once:                         the lines below, each as "ann: ...", come in one turn
    ann sends bytes: PRIV                without the line's end
    bob hears: :ann!~ann@there ...       this is the next line that he has not heard yet; or several, below
    bob hears in any order:              the lines below, and these are next
    bob hears nothing                    there is no line that he has not heard (nobody hears anything: for everybody)
    bob skips to: ...                    whatever comes, up to this line; "bob skips everything": all of it
    bob never heard: ...                 no such line in the whole play
    ann stalls, ann reads again          her connection takes nothing, or again
    ann stops sending, ann disconnects   she shuts down her side; her connection is gone (": why" may follow)
    ann is disconnected, is connected    the server has ended her connection, or not
    reading from ann is paused           the server leaves to the network what she sends, or not ("goes on")
    30 seconds pass                      and so do all deadlines on the way (minutes, hours)
    the clock is set back 60 seconds     the machine's clock is wrong from now on (or "forward")
    the disk is slow                     commits wait, from now on ...
    2 messages wait for the disk         ... as one commit, until
    the disk commits (refuses, fails)    that one is done, certainly not done, or nobody knows
    the disk is full (fast)              every commit is refused, or done, at once
    the disk holds 2 messages            so many are stored
    the disk is slow to read             questions wait until "the disk is read"; "is unreadable": they fail
    a mail comes to ann@example.org: ... {word:code} ...   the next mail is for her, and this is a line of it
    no mail comes                        there is none that was not looked at
    the server is killed and starts again  all connections are gone; it has what is on the disk
    the server stops: why                it takes no more and serves what it has; "the server says goodbye": the end

Captures, wildcards and bytes that cannot be typed: see `veche.testing.script`. Whatever the play is about: when it is
over everybody has heard every line, and `veche.testing.checks` is content.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from veche.app.features import FEATURES
from veche.core.registry import Feature
from veche.core.settings import OperatorBlock, Settings
from veche.testing.checks import check_stage
from veche.testing.passwords import FakePasswords
from veche.testing.script import Script, Step, matches, spoken
from veche.testing.stage import BugWatch, Person, Stage, quiet_settings

ALL_CAPS = "message-tags server-time echo-message labeled-response batch cap-notify standard-replies"


class PlayFailed(AssertionError):
    """The server did not play its part. The text names the line of the play and shows the difference."""


def play(script: Script, *, bytewise: bool = False, features: list[Feature] = FEATURES) -> None:
    """Play a script; with `bytewise` everything that persons send arrives in single bytes. Raises PlayFailed.

    `features` are the server's, for who plays with one of his own.
    """
    player = _Player(script, bytewise=bytewise, features=features)
    with player.bugs:
        for step in script.steps:
            player.perform(step)
        player.close()


class _Player:
    def __init__(self, script: Script, *, bytewise: bool, features: list[Feature]) -> None:
        self.features = features
        self.path: Path = script.path
        self.bytewise = bytewise
        self.settings = quiet_settings()
        self.keeps = True
        self.step = Step(0, "")
        self.known: dict[str, str] = {}
        self.persons: dict[str, Person] = {}
        self._stage: Stage | None = None
        self.bugs = BugWatch()

    @property
    def stage(self) -> Stage:
        """The server; it stands from the first time that somebody needs it."""
        if self._stage is None:
            self._stage = Stage(self.settings, features=self.features, keeps=self.keeps)
            self._stage.bugs = self.bugs
        return self._stage

    def perform(self, step: Step) -> None:
        """Perform one step."""
        self.step = step
        for pattern, action in _STEPS:
            found = pattern.fullmatch(step.text)
            if found is not None:
                try:
                    action(self, *found.groups())
                except ValueError as error:
                    self.fail(str(error))
                return
        self.fail("this is no step of a play: see veche.testing.conversation")

    def close(self) -> None:
        """The curtain: nothing is left unheard, and everything was fit to be heard."""
        self.step = Step(self.step.number, "the end of the play")
        self.nobody_hears()
        if wrong := check_stage(self.stage):
            self.fail("\n".join(wrong))

    def fail(self, reason: str, line: int = 0) -> NoReturn:
        """This step did not come out; `line` is the number of the line below it that did not."""
        manner = ", byte by byte" if self.bytewise else ""
        raise PlayFailed(f"{self.path}:{line or self.step.number}: {self.step.text}{manner}\n{reason}")

    def person(self, name: str) -> Person:
        """Somebody who has come in before."""
        if name not in self.persons:
            raise ValueError(f"nobody is called {name}")
        return self.persons[name]

    def lines(self, text: str) -> list[str]:
        """What stands behind the colon, or below the step."""
        return [text] if text else self.step.block

    # ---- before the play

    def set(self, key: str, value: str) -> None:
        """Settings of the server."""
        if self._stage is not None:
            raise ValueError("the server stands already")
        if key == "store":
            self.keeps = value == "on"
            return
        before = getattr(self.settings, key, None)
        if before is None or key not in Settings.__slots__:
            raise ValueError(f"there is no setting {key}")
        after: object = value
        if isinstance(before, bool):
            after = value == "on"
        elif isinstance(before, (int, float)):
            after = type(before)(value)
        elif isinstance(before, (list, tuple)):
            after = type(before)(value.split(" | "))
        setattr(self.settings, key, after)

    def operator(self, name: str, password: str, host: str | None) -> None:
        """Somebody may become an operator, and reads the usual notices then."""
        block = OperatorBlock(name, FakePasswords.hash(password))
        block.hosts = (host,) if host else ()
        block.notices = "abfko"
        self.settings.operators[name] = block

    def own(self, code: str) -> None:
        """The server has printed this at its start."""
        self.stage.engine.owner_code = code

    # ---- coming and going

    def connect(self, name: str, caps: str | None, address: str | None) -> None:
        """Somebody is let in."""
        wanted = ALL_CAPS if caps == "everything" else caps or ""
        try:
            self.persons[name] = self.stage.enter(
                name, *wanted.split(), address=address or "", bytewise=self.bytewise
            )
        except AssertionError as error:
            self.fail(str(error))

    def open(self, name: str, address: str | None) -> None:
        """Somebody is connected."""
        self.persons[name] = self.stage.open(name, address=address or "", bytewise=self.bytewise)

    def disconnect(self, name: str, reason: str | None) -> None:
        """A connection is gone."""
        self.stage.leave(self.person(name), reason or "Connection closed")
        self.stage.turn()

    def stop_sending(self, name: str) -> None:
        """Half of a connection is gone."""
        session = self.person(name).session
        if session is not None:
            self.stage.engine.finished(session)
        self.stage.turn()

    def stall(self, name: str) -> None:
        """A connection takes nothing."""
        self.person(name).pipe.stall()

    def flow(self, name: str) -> None:
        """A connection takes what it is given."""
        self.person(name).pipe.flow()
        self.stage.turn()

    def is_disconnected(self, name: str, what: str) -> None:
        """Whether the server has ended a connection."""
        if self.person(name).ended is (what == "connected"):
            self.fail(f"{name} is not {what}; unheard: {self.person(name).unheard}")

    def reading(self, name: str, what: str) -> None:
        """Whether the server takes what comes."""
        if self.person(name).pipe.is_paused is not (what == "is paused"):
            self.fail("it is not so")

    # ---- saying

    def say(self, name: str, line: str) -> None:
        """One line."""
        self.person(name).send_bytes(spoken(line, self.known) + b"\r\n")

    def say_at_once(self, name: str) -> None:
        """Several lines in one turn."""
        person = self.person(name)
        person.post_bytes(b"".join(spoken(line, self.known) + b"\r\n" for line in self.step.block))
        self.stage.turn()

    def all_say_at_once(self) -> None:
        """Lines of several persons in one turn, each as `name: line`."""
        for line in self.step.block:
            name, _, said = line.partition(": ")
            self.person(name).post_bytes(spoken(said, self.known) + b"\r\n")
        self.stage.turn()

    def send_bytes(self, name: str, data: str) -> None:
        """Bytes."""
        self.person(name).send_bytes(spoken(data, self.known))

    # ---- hearing

    def hear(self, name: str, text: str) -> None:
        """The next lines are these."""
        person = self.person(name)
        for index, expected in enumerate(self.lines(text)):
            if not person.unheard or not matches(expected, person.unheard[0], self.known):
                line = 0 if text else self.step.numbers[index]
                self.fail(_difference(expected, person.unheard), line)
            del person.unheard[0]

    def hear_in_any_order(self, name: str) -> None:
        """The next lines are these, in some order."""
        person = self.person(name)
        missing = list(self.step.block)
        for heard in person.unheard[: len(missing)]:
            found = next((line for line in missing if matches(line, heard, self.known)), None)
            if found is None:
                self.fail(_difference(missing[0], person.unheard))
            else:
                missing.remove(found)
                del person.unheard[0]
        if missing:
            self.fail(_difference(missing[0], person.unheard))

    def hear_nothing(self, name: str) -> None:
        """There is no line that was not heard."""
        if self.person(name).unheard:
            self.fail(
                "\n".join([f"but {name} hears", *(f"  + {line}" for line in self.person(name).unheard)])
            )

    def nobody_hears(self) -> None:
        """There is no line that anybody has not heard."""
        for name in self.persons:
            self.hear_nothing(name)

    def skip_to(self, name: str, text: str) -> None:
        """Lines are passed over, up to one."""
        person = self.person(name)
        for index, heard in enumerate(person.unheard):
            if matches(text, heard, self.known):
                del person.unheard[: index + 1]
                return
        self.fail(_difference(text, person.unheard))

    def skip(self, name: str) -> None:
        """Lines are passed over."""
        self.person(name).take()

    def all_skip(self) -> None:
        """Whatever anybody has not heard yet is passed over."""
        for person in self.persons.values():
            person.take()

    def never_heard(self, name: str, text: str) -> None:
        """No line of the whole play was like this."""
        for raw in self.person(name).heard:
            heard = raw.removesuffix(b"\r").decode(errors="backslashreplace")
            if matches(text, heard, dict(self.known)):
                self.fail(f"but {name} heard\n  + {heard}")

    def receive_mail(self, to: str, text: str) -> None:
        """The next mail."""
        letters = self.stage.mailer.letters
        if not letters:
            self.fail("no mail has come")
        letter = letters.pop(0)
        lines = [letter.subject, *letter.text.splitlines()]
        if letter.to != to or not any(matches(text, line, self.known) for line in lines):
            self.fail("\n".join([f"a mail has come to {letter.to}:", *lines]))

    def receive_no_mail(self) -> None:
        """Every mail was looked at."""
        if self.stage.mailer.letters:
            self.fail(f"{self.stage.mailer.letters}")

    # ---- the world outside

    def pass_time(self, number: str, unit: str) -> None:
        """Time passes."""
        self.stage.pass_time(float(number) * {"second": 1, "minute": 60, "hour": 3600}[unit])

    def set_clock(self, way: str, number: str) -> None:
        """The machine's clock is wrong from now on, or right."""
        self.stage.clock.set_wall(float(number) * (-1 if way == "back" else 1))

    def disk(self, what: str) -> None:
        """The disk does something."""
        disk = self.stage.disk
        if what in ("commits", "refuses", "fails"):
            if not disk.waiting:
                raise ValueError("no commit is waiting")
            if what == "commits":
                disk.release()
            elif what == "refuses":
                disk.refuse()
            else:
                disk.lose(stored=False)
        elif what == "is slow":
            disk.is_slow = True
        elif what == "is full":
            disk.is_full = True
        elif what == "is fast":
            disk.hurry()
        elif what == "is slow to read":
            disk.reads_slowly = True
        elif what == "is unreadable":
            disk.is_unreadable = True
        else:
            disk.read()
        self.stage.turn()

    def disk_waits(self, number: str) -> None:
        """How much is in the commit that is under way."""
        waiting = self.stage.disk.waiting
        count = len(waiting[0][0]) if waiting else 0
        if count != int(number):
            self.fail(f"it is {count}")

    def disk_holds(self, number: str) -> None:
        """How much is stored."""
        if len(self.stage.disk.records) != int(number):
            self.fail(f"it holds {self.stage.disk.records}")

    def restart(self) -> None:
        """The process ends without a word, and another one takes its place."""
        self.stage.restart()

    def stop(self, reason: str) -> None:
        """The server is asked to end."""
        self.stage.engine.stop(reason)
        self.stage.turn()

    def say_goodbye(self) -> None:
        """The server ends."""
        self.stage.engine.say_goodbye()
        self.stage.turn()


def _difference(missed: str, heard: list[str]) -> str:
    """The line that was expected and what comes instead."""
    near = heard[:4]
    lines = [f"  - {missed}", *(f"  + {line}" for line in near)]
    if near and (hint := next((line for line in difflib.ndiff([missed], near[:1]) if line[0] == "?"), "")):
        lines.insert(1, f"  {hint.rstrip()}")
    if not near:
        lines.append("  (nothing is heard)")
    return "\n".join(lines)


_Action = Callable[..., None]
_STEPS: list[tuple[re.Pattern[str], _Action]] = [
    (re.compile(pattern.replace("WHO", r"([a-z]\w*)").replace("NUMBER", r"(\d+(?:\.\d+)?)")), action)
    for pattern, action in (
        (r"setting (\w+) = (.*)", _Player.set),
        (r"operator (\w+) with password (\w+)(?: from (\S+))?", _Player.operator),
        (r"the owner's code is (\S+)", _Player.own),
        (r"WHO connects(?: with ([^:]+?))?(?: from ([\w.:]+))?", _Player.connect),
        (r"WHO opens a connection(?: from ([\w.:]+))?", _Player.open),
        (r"WHO disconnects(?:: (.*))?", _Player.disconnect),
        (r"WHO stops sending", _Player.stop_sending),
        (r"WHO stalls", _Player.stall),
        (r"WHO reads again", _Player.flow),
        (r"WHO is (connected|disconnected)", _Player.is_disconnected),
        (r"reading from WHO (is paused|goes on)", _Player.reading),
        (r"all at once:", _Player.all_say_at_once),
        (r"WHO says at once:", _Player.say_at_once),
        (r"WHO sends bytes: (.*)", _Player.send_bytes),
        (r"WHO hears in any order:", _Player.hear_in_any_order),
        (r"WHO hears: ?(.*)", _Player.hear),
        (r"nobody hears anything", _Player.nobody_hears),
        (r"WHO hears nothing", _Player.hear_nothing),
        (r"WHO skips to: (.*)", _Player.skip_to),
        (r"everybody skips everything", _Player.all_skip),
        (r"WHO skips everything", _Player.skip),
        (r"WHO never heard: (.*)", _Player.never_heard),
        (r"NUMBER (second|minute|hour)s? pass(?:es)?", _Player.pass_time),
        (r"the clock is set (back|forward) NUMBER seconds", _Player.set_clock),
        (r"a mail comes to (\S+): (.*)", _Player.receive_mail),
        (r"no mail comes", _Player.receive_no_mail),
        (r"NUMBER messages? waits? for the disk", _Player.disk_waits),
        (r"the disk holds NUMBER messages?", _Player.disk_holds),
        (
            r"the disk (commits|refuses|fails|is slow|is full|is fast|is slow to read|is read|is unreadable)",
            _Player.disk,
        ),
        (r"the server is killed and starts again", _Player.restart),
        (r"the server stops: (.*)", _Player.stop),
        (r"the server says goodbye", _Player.say_goodbye),
        (r"WHO: (.*)", _Player.say),
    )
]
