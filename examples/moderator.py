"""A bot that helps to keep order:  python examples/moderator.py --room "#tea" --account guard --owner ann

It has to be an operator of the room. Who floods, shouts in capitals or (as a guest) leaves links is warned; who goes on
is muted for ten minutes. People with a rank in the room are left alone. Owners, by account, give it orders:

    !mute NICK [MINUTES]    !unmute NICK    !rules    !rule links off
"""

import re
from collections import deque
from collections.abc import Sequence
from typing import Any

import checkout  # noqa: F401 - finds the library

from veche.client.bot import Bot
from veche.client.bot_main import make_parser, start
from veche.client.bot_said import Said
from veche.client.errors import AskRefused
from veche.phrases import Language, Phrases, Table, language_of_locale

TABLE: Table = {
    "about": ("A bot that helps to keep order in a room.", "Бот, который помогает следить за порядком в комнате."),
    "about_mute": ("NICK [MINUTES]: silences somebody (10 minutes)", "НИК [МИНУТЫ]: лишает голоса (10 минут)"),
    "about_unmute": ("NICK: lets somebody speak again", "НИК: возвращает голос"),
    "about_rules": ("which rules hold here", "какие правила здесь действуют"),
    "about_rule": ("flood|caps|links on|off", "flood|caps|links on|off: включить или выключить правило"),
    "flood": ("{who}: slower, please.", "{who}: помедленнее, пожалуйста."),
    "caps": ("{who}: no need to shout.", "{who}: не надо кричать."),
    "links": ("{who}: links only from people with an account, please.", "{who}: ссылки — только от тех, у кого есть учётная запись."),
    "muted": ("{who} is muted for {minutes} min.", "{who} помолчит {minutes} мин."),
    "unmuted": ("{who} may speak again.", "{who} снова может говорить."),
    "not_me": ("Not me.", "Себя не буду."),
    "not_muted": ("I have not muted {who}.", "Я не лишал голоса {who}."),
    "nobody": ("There is no {who}.", "{who} здесь нет."),
    "cannot": ("I cannot: {reason}", "Не могу: {reason}"),
    "no_mutes": ("this server knows no mutes", "этот сервер не умеет лишать голоса"),
    "in_room": ("That is for rooms.", "Это для комнат."),
    "how": ("Like this: {sign}{name} {how}", "Так: {sign}{name} {how}"),
    "rules": ("{rules}", "{rules}"),
}  # fmt: skip
RULES = ("flood", "caps", "links")
# So many messages within so many seconds are a flood; so many letters, and more of them capitals, are shouting.
FLOOD, FLOOD_SECONDS = 6, 10.0
CAPS, CAPS_SHARE = 20, 0.8
# The warnings within so many seconds after which one is muted, and for how long.
WARNINGS, WARNING_SECONDS, MUTE_MINUTES, MOST_MINUTES = 2, 600.0, 10, 10080
MOST_KNOWN = 5000
_LINK = re.compile(r"https?://|www\.\w|\b[\w-]+\.(?:com|net|org|ru|info|xyz)/", re.IGNORECASE)


def breaks(rule: str, text: str, account: str) -> bool:
    """Whether a text breaks a rule (of those that look at one text)."""
    if rule == "links":
        return not account and _LINK.search(text) is not None
    letters = [letter for letter in text if letter.isalpha() and letter.upper() != letter.lower()]
    return len(letters) >= CAPS and sum(map(str.isupper, letters)) > CAPS_SHARE * len(letters)


class Moderator:
    """The rules and who broke them. Kept over a restart: rules switched off, and mutes, by room."""

    def __init__(self, bot: Bot, language: Language) -> None:
        self.bot = bot
        self.say = Phrases(TABLE, language)
        self._said: dict[tuple[str, str], deque[float]] = {}
        self._warned: dict[tuple[str, str], deque[float]] = {}
        bot.message()(self.watch)
        bot.command("rules", about=self.say("about_rules"))(self.rules)
        for name, handler in (("mute", self.mute), ("unmute", self.unmute), ("rule", self.rule)):
            bot.command(name, about=self.say(f"about_{name}"), only=bot.owners)(handler)

    # --- watching ---

    async def watch(self, said: Said) -> None:
        """Look at a message; warn, or mute."""
        if not said.room or self._is_exempt(said):
            return
        broken = next(
            (rule for rule in RULES if self._holds(said.room, rule) and self._breaks(rule, said)), None
        )
        if broken is None:
            return
        if self._count(self._warned, said, WARNING_SECONDS) > WARNINGS:
            self._warned.pop(self._key(said), None)
            answer = await self._mute(said.room, said.sender, MUTE_MINUTES)
        else:
            answer = self.say(broken, who=said.sender)
        await self.bot.say(said.room, answer)

    def _is_exempt(self, said: Said) -> bool:
        room = self.bot.chat.model.room(said.room)
        member = room.members.get(self.bot.chat.model.fold(said.sender)) if room is not None else None
        return (member is not None and member.ranks != "") or self.bot.may(said.account, self.bot.owners)

    def _breaks(self, rule: str, said: Said) -> bool:
        if rule != "flood":
            return breaks(rule, said.text, said.account)
        if self._count(self._said, said, FLOOD_SECONDS) < FLOOD:
            return False
        self._said.pop(self._key(said), None)  # one flood is one warning
        return True

    def _key(self, said: Said) -> tuple[str, str]:
        fold = self.bot.chat.model.fold
        return fold(
            said.room
        ), f"account {fold(said.account)}" if said.account else f"nick {fold(said.sender)}"

    def _count(self, times: dict[tuple[str, str], deque[float]], said: Said, seconds: float) -> int:
        """Note that this happened now; how often it has lately."""
        now = self.bot.clock()
        known = times.pop(self._key(said), None) or deque(maxlen=FLOOD + WARNINGS)
        known.append(now)
        while known[0] <= now - seconds:
            known.popleft()
        times[self._key(said)] = known
        if len(times) > MOST_KNOWN:
            del times[next(iter(times))]
        return len(known)

    # --- muting ---

    async def _mask_of(self, nick: str) -> str:
        """By what somebody is muted: the account, which a new nick does not change, or a guest's host; "": nobody."""
        try:
            answer = await self.bot.chat.ask("WHOIS", nick)
        except AskRefused:
            return ""
        for words in answer.numerics("330"):  # <nick> <account> :is logged in as
            if len(words) > 2:
                return f"a:{words[1]}"
        for words in answer.numerics("311"):  # <nick> <username> <host> * :<realname>
            if len(words) > 2:
                # A household has one address: those of it who have an account are not meant.
                return f"U:*!*@{words[2]}"
        return ""

    async def _mute(self, room: str, nick: str, minutes: int) -> str:
        """Mute somebody; what to say of it."""
        letters = self.bot.chat.model.tokens.get("EXTBAN", "").partition(",")[2]
        if not {"m", "t", "U"} <= set(letters):
            return self.say("cannot", reason=self.say("no_mutes"))
        mask = await self._mask_of(nick)
        if not mask:
            return self.say("nobody", who=nick)
        mask = f"t:{minutes}:m:{mask}"  # the server ends it, even while we are away
        try:
            await self.bot.chat.ask("MODE", room, "+b", mask)
        except AskRefused as error:
            return self.say("cannot", reason=error.refusal.text)
        fold, kept = self.bot.chat.model.fold, self.bot.state.setdefault("mutes", {})
        kept[f"{fold(room)} {fold(nick)}"] = [mask, self.bot.clock() + 60 * minutes]
        for key in [key for key, (_, end) in kept.items() if end <= self.bot.clock()]:
            del kept[key]
        return self.say("muted", who=nick, minutes=minutes)

    async def mute(self, said: Said) -> str:
        """!mute NICK [MINUTES]"""
        if not said.room:
            return self.say("in_room")
        nick, minutes = ([*said.words, "", ""])[:2]
        minutes = minutes or str(MUTE_MINUTES)
        is_number = minutes.isascii() and minutes.isdigit() and 1 <= int(minutes[:6]) <= MOST_MINUTES
        if not nick or not is_number:
            return self._how("mute")
        if self.bot.chat.model.is_me(nick):
            return self.say("not_me")
        return await self._mute(said.room, nick, int(minutes[:6]))

    async def unmute(self, said: Said) -> str:
        """!unmute NICK"""
        if not said.room:
            return self.say("in_room")
        fold, kept = self.bot.chat.model.fold, self.bot.state.setdefault("mutes", {})
        found = kept.pop(f"{fold(said.room)} {fold(said.argument)}", None)
        if found is None:
            return self.say("not_muted", who=said.argument)
        try:
            await self.bot.chat.ask("MODE", said.room, "-b", found[0])
        except AskRefused as error:
            return self.say("cannot", reason=error.refusal.text)
        return self.say("unmuted", who=said.argument)

    # --- rules ---

    def _off(self, room: str) -> list[str]:
        off: dict[str, list[str]] = self.bot.state.setdefault("off", {})
        return off.setdefault(self.bot.chat.model.fold(room), [])

    def _holds(self, room: str, rule: str) -> bool:
        return rule not in self._off(room)

    def rules(self, said: Said) -> str:
        """!rules"""
        if not said.room:
            return self.say("in_room")
        states = [f"{rule} {'on' if self._holds(said.room, rule) else 'off'}" for rule in RULES]
        return self.say("rules", rules=", ".join(states))

    def rule(self, said: Said) -> str:
        """!rule flood|caps|links on|off"""
        if not said.room:
            return self.say("in_room")
        rule, state = ([*said.words, "", ""])[:2]
        if rule not in RULES or state not in {"on", "off"}:
            return self._how("rule")
        off = self._off(said.room)
        if state == "off" and rule not in off:
            off.append(rule)
        elif state == "on" and rule in off:
            off.remove(rule)
        return self.rules(said)

    def _how(self, name: str) -> str:
        return self.say("how", sign=self.bot.sign, name=name, how=self.say(f"about_{name}"))


def make(language: Language = "en", **options: Any) -> Bot:
    """The bot, not connected to anything yet."""
    bot = Bot("guard", language=language, **options)
    Moderator(bot, language)
    return bot


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    parser, _, say = make_parser("moderator.py", about=Phrases(TABLE, language_of_locale())("about"))
    parser.add_help_group(say("group_other"))
    parsed = parser.parse_args(arguments)
    return start(make(parsed.language), parsed)


if __name__ == "__main__":
    raise SystemExit(main())
