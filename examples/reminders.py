"""A bot that reminds people of things and counts votes:  python examples/reminders.py --room "#tea" --state FILE

    !remind 1h30m the soup           !poll Where to? | the sea | the hills
    !reminders    !forget 2          !vote 2    !results    !close

What it has confirmed survives a restart. A reminder that was due while it was away comes late rather than never.
"""

import re
from collections.abc import Sequence
from typing import Any

import checkout  # noqa: F401 - finds the library

from veche.client.bot import Bot
from veche.client.bot_main import make_parser, start
from veche.client.bot_said import Said
from veche.client.errors import AskRefused
from veche.client.text import plain
from veche.phrases import Language, Phrases, Table, language_of_locale

TABLE: Table = {
    "about": (
        "A bot that reminds people of things and counts votes.",
        "Бот, который напоминает о делах и считает голоса.",
    ),
    "about_remind": ("10m TEXT: says it here in ten minutes (s, m, h, d)", "10м ТЕКСТ: скажет это здесь через десять минут (с, м, ч, д)"),
    "about_reminders": ("lists yours", "показывает ваши напоминания"),
    "about_forget": ("NUMBER: takes one back", "НОМЕР: отменяет одно"),
    "about_poll": ("QUESTION | ANSWER | ANSWER ...: asks the room", "ВОПРОС | ОТВЕТ | ОТВЕТ ...: спрашивает комнату"),
    "about_vote": ("NUMBER: votes; again to change it", "НОМЕР: ваш голос; ещё раз — передумать"),
    "about_results": ("how it stands", "что получается"),
    "about_close": ("ends the poll (who began it, or an owner)", "заканчивает опрос (кто начал или владелец)"),
    "when": ("When? For example: {sign}remind 1h30m the soup", "Когда? Например: {sign}remind 1ч30м суп"),
    "too_long": ("That is too long: at most {most}.", "Слишком длинно: не больше {most}."),
    "too_many": ("I remember enough already: {sign}forget something first.", "Я и так много помню: сначала {sign}forget."),
    "noted": ("{who}: noted, number {number}, in {when}.", "{who}: записано под номером {number}, через {when}."),
    "reminder": ("{who}: {text}", "{who}: {text}"),
    "late": ("{who}: {text} (this comes late)", "{who}: {text} (с опозданием)"),
    "one": ("{number}: in {when}, {text}", "{number}: через {when}, {text}"),
    "none": ("Nothing is noted for you.", "Для вас ничего не записано."),
    "forgotten": ("Forgotten: {text}", "Забыто: {text}"),
    "no_such": ("There is no such number.", "Такого номера нет."),
    "in_room": ("That is for rooms.", "Это для комнат."),
    "how_poll": ("A question and two to ten answers, with | between.", "Вопрос и от двух до десяти ответов через |."),
    "poll_open": ("There is a poll already: {question}", "Опрос уже идёт: {question}"),
    "no_poll": ("There is no poll here.", "Здесь нет опроса."),
    "asked": ("{question} {answers}. Say {sign}vote NUMBER", "{question} {answers}. Голос: {sign}vote НОМЕР"),
    "voted": ("{who}: {answer}", "{who}: {answer}"),
    "results": ("{question} {counts}", "{question} {counts}"),
    "closed": ("The poll is over. {question} {counts}", "Опрос окончен. {question} {counts}"),
    "not_yours": ("Who began it may end it.", "Закончить может тот, кто начал."),
}  # fmt: skip
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "с": 1, "м": 60, "ч": 3600, "д": 86400}
_SPAN = re.compile(r"(?:[0-9]{1,5}[smhdсмчд])+", re.IGNORECASE)
LONGEST = 366 * 86400
MOST_TEXT = 300
MOST_OF_ONE = 20
MOST_REMINDERS = 1000
MOST_VOTES = 1000
LATE = 60  # seconds from which a reminder says that it is late
TRY_AGAIN, GIVE_UP = 60, 86400


def span(text: str) -> int:
    """ "1h30m" in seconds; 0 for what is no time, or none that is worth noting."""
    if not _SPAN.fullmatch(text):
        return 0
    parts = re.findall(r"([0-9]+)(\D)", text.lower())
    total = sum(int(number) * SECONDS[unit] for number, unit in parts)
    return total if total <= LONGEST else 0


def shown(seconds: float, language: Language) -> str:
    """A span as people write it: its two largest units."""
    units = ("д", "ч", "м", "с") if language == "ru" else ("d", "h", "m", "s")
    rest, parts = max(0, round(seconds)), []
    for unit, size in zip(units, (86400, 3600, 60, 1), strict=True):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or f"0{units[-1]}"


def person(said: Said) -> str:
    """Who has said it, as it is kept: by account, or a guest by name."""
    fold = said.bot.chat.model.fold
    return f"account {fold(said.account)}" if said.account else f"guest {fold(said.sender)}"


class Reminders:
    """`!remind` and what belongs to it. Kept: number, due (seconds since 1970), where, who (as `person`), nick, text."""

    def __init__(self, bot: Bot, language: Language) -> None:
        self.bot = bot
        self.say = Phrases(TABLE, language)
        for name, handler in (("remind", self.remind), ("reminders", self.show), ("forget", self.forget)):
            bot.command(name, about=self.say(f"about_{name}"))(handler)
        bot.every(1)(self.ring)

    @property
    def kept(self) -> list[dict[str, Any]]:
        """The reminders, in the bot's memory."""
        found: list[dict[str, Any]] = self.bot.state.setdefault("reminders", [])
        return found

    def of(self, said: Said) -> list[dict[str, Any]]:
        """Those of one person."""
        return [one for one in self.kept if one["who"] == person(said)]

    def remind(self, said: Said) -> str:
        """!remind 10m TEXT"""
        when, _, text = said.argument.partition(" ")
        seconds, text = span(when), plain(text.strip())
        if not seconds or not text:
            return self.say("when", sign=self.bot.sign)
        if len(text) > MOST_TEXT:
            return self.say("too_long", most=MOST_TEXT)
        if len(self.of(said)) >= MOST_OF_ONE or len(self.kept) >= MOST_REMINDERS:
            return self.say("too_many", sign=self.bot.sign)
        number = 1 + max((one["number"] for one in self.kept), default=0)
        due, where = self.bot.clock() + seconds, said.message.conversation
        self.kept.append(
            {"number": number, "due": due, "where": where, "who": person(said), "nick": said.sender, "text": text}
        )  # fmt: skip
        return self.say("noted", who=said.sender, number=number, when=shown(seconds, self.say.language))

    def show(self, said: Said) -> str:
        """!reminders"""
        now = self.bot.clock()
        lines = [
            self.say("one", number=one["number"], when=shown(one["due"] - now, self.say.language), text=one["text"])
            for one in self.of(said)
        ]  # fmt: skip
        return "\n".join(lines) or self.say("none")

    def forget(self, said: Said) -> str:
        """!forget NUMBER"""
        for one in self.of(said):
            if str(one["number"]) == said.argument:
                self.kept.remove(one)
                return self.say("forgotten", text=one["text"])
        return self.say("no_such")

    async def ring(self) -> None:
        """Say what is due. It is forgotten when the server has it: perhaps said twice, never lost. What the server
        refuses (nobody of that name is here now) is tried again for a day.
        """
        now = self.bot.clock()
        for one in [one for one in self.kept if one.get("again", one["due"]) <= now]:
            phrase = "late" if now - one["due"] > LATE else "reminder"
            try:
                await self.bot.say(one["where"], self.say(phrase, who=one["nick"], text=one["text"]))
            except AskRefused:
                one["again"] = now + TRY_AGAIN
                if now - one["due"] < GIVE_UP:
                    continue
            if one in self.kept:  # it may have been taken back meanwhile
                self.kept.remove(one)


class Polls:
    """`!poll` and what belongs to it: one poll in each room. Kept by folded room: question, answers, votes, by."""

    def __init__(self, bot: Bot, language: Language) -> None:
        self.bot = bot
        self.say = Phrases(TABLE, language)
        for name, handler in (
            ("poll", self.poll), ("vote", self.vote), ("results", self.results), ("close", self.close),
        ):  # fmt: skip
            bot.command(name, about=self.say(f"about_{name}"))(handler)

    def here(self, said: Said) -> dict[str, Any] | None:
        """The poll of the room."""
        polls: dict[str, dict[str, Any]] = self.bot.state.setdefault("polls", {})
        return polls.get(self.bot.chat.model.fold(said.room))

    def poll(self, said: Said) -> str:
        """!poll QUESTION | ANSWER | ANSWER"""
        if not said.room:
            return self.say("in_room")
        if (poll := self.here(said)) is not None:
            return self.say("poll_open", question=poll["question"])
        if len(said.argument) > MOST_TEXT:
            return self.say("too_long", most=MOST_TEXT)
        question, *answers = [plain(part.strip()) for part in said.argument.split("|")]
        if not question or not 2 <= len(answers) <= 10 or not all(answers):
            return self.say("how_poll")
        poll = {"question": question, "answers": answers, "votes": {}, "by": person(said)}
        self.bot.state["polls"][self.bot.chat.model.fold(said.room)] = poll
        numbered = ", ".join(f"{number}: {answer}" for number, answer in enumerate(answers, 1))
        return self.say("asked", question=question, answers=numbered, sign=self.bot.sign)

    def vote(self, said: Said) -> str:
        """!vote NUMBER"""
        poll = self.here(said)
        if poll is None:
            return self.say("no_poll")
        word, votes = said.argument, poll["votes"]
        if not (word.isascii() and word.isdigit() and 1 <= int(word[:3]) <= len(poll["answers"])):
            return self.say("no_such")
        if len(votes) < MOST_VOTES or person(said) in votes:
            votes[person(said)] = int(word[:3]) - 1
        return self.say("voted", who=said.sender, answer=poll["answers"][int(word[:3]) - 1])

    def results(self, said: Said) -> str:
        """!results"""
        poll = self.here(said)
        return self.say("no_poll") if poll is None else self.told("results", poll)

    def close(self, said: Said) -> str:
        """!close"""
        poll = self.here(said)
        if poll is None:
            return self.say("no_poll")
        if poll["by"] != person(said) and not self.bot.may(said.account, self.bot.owners):
            return self.say("not_yours")
        del self.bot.state["polls"][self.bot.chat.model.fold(said.room)]
        return self.told("closed", poll)

    def told(self, phrase: str, poll: dict[str, Any]) -> str:
        """How a poll stands."""
        votes = list(poll["votes"].values())
        counts = [f"{answer}: {votes.count(index)}" for index, answer in enumerate(poll["answers"])]
        return self.say(phrase, question=poll["question"], counts=", ".join(counts))


def make(language: Language = "en", **options: Any) -> Bot:
    """The bot, not connected to anything yet."""
    bot = Bot("reminders", language=language, **options)
    Reminders(bot, language)
    Polls(bot, language)
    return bot


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    parser, _, say = make_parser("reminders.py", about=Phrases(TABLE, language_of_locale())("about"))
    parser.add_help_group(say("group_other"))
    parsed = parser.parse_args(arguments)
    return start(make(parsed.language), parsed)


if __name__ == "__main__":
    raise SystemExit(main())
