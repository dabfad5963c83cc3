"""Bot mode: who is no person says so, with user mode B.

Source: bot-mode. The `bot` tag is added where lines are rendered for everybody (`veche.core.fanout`), to whatever a
bot does; here is what else the mode means.
"""

from veche.core.ask import Ask
from veche.core.help import Help
from veche.core.registry import Feature, UserMode
from veche.state.user import BOT, User
from veche.wire import numerics


def tell(ask: Ask, user: User) -> None:
    """ "This numeric is returned as part of a bot's WHOIS reply." """
    if BOT in user.modes:
        ask.reply(numerics.RPL_WHOISBOT, user.nick, f"is a Bot on {ask.settings.network}")


feature = Feature(
    "bot",
    # "it is indicated in their WHO flags"
    user_modes={
        BOT: UserMode(
            in_who=True,
            help=Help(
                "",
                "You are a program and no person; WHO and WHOIS show it.",
                "Вы программа, а не человек; это видно в WHO и WHOIS.",
            ),
        )
    },
    tokens=lambda _settings: {"BOT": BOT},
    whois=tell,
)
