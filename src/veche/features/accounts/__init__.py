"""Accounts: a name that one keeps, on every device.

Sources: account-registration (draft), account-notify, account-tag. `register.py` makes accounts, `entry.py` lets their
owners in, `facts.py` says what can happen to them; how an owner proves himself is in core/logins.py and in the
package sasl. What owners and operators do with accounts has a file for each noun, with the facts, the functions, and
what NickServ understands of it; `nickserv.py` puts these together.
"""

from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.features.accounts import (
    administration,
    email,
    erasure,
    facts,
    password,
    register,
    second_factor,
    sessions,
    ssh_keys,
    tokens,
)
from veche.features.accounts.nickserv import NICKSERV
from veche.state.events import LoggedIn, LoggedOut


def _nothing(_fact: object, _view: int, _tags: str) -> str:
    return ""


def _begin(engine: Engine) -> None:
    """What is to happen at a certain time is looked for."""
    erasure.watch_all(engine)
    administration.watch_all(engine)


CHANGED = FactRow(
    guard=facts.guard_account, apply=facts.apply_account, render=_nothing, saves=facts.save_account
)

feature = Feature(
    "accounts",
    commands=[
        Command(
            "REGISTER",
            register.register_command,
            least=3,
            early=True,
            help=Help(
                "<your nick> <email> <password>",
                "Makes an account of your nick, which is yours on every device from then on; * stands for "
                "your nick, or for no e-mail address where none is needed.",
                "Делает из вашего ника учётную запись: он ваш на всех устройствах. * вместо ника: нынешний "
                "ник; вместо почты: без неё, если её не требуют.",
                Family.ACCOUNTS,
            ),
        ),
        Command(
            "VERIFY",
            register.verify_command,
            least=2,
            early=True,
            help=Help(
                "<account> <code>",
                "Completes a registration with the code that was sent by e-mail.",
                "Завершает регистрацию кодом, присланным по почте.",
                Family.ACCOUNTS,
            ),
        ),
        Command(
            "NICKSERV",
            NICKSERV.command,
            help=Help(
                "[<verb> [<parameter>...]]",
                "Speaks with NickServ, who does everything about accounts. NICKSERV HELP tells what it "
                "understands.",
                "Обращается к NickServ: он делает всё, что касается учётных записей. NICKSERV HELP покажет, "
                "что он понимает.",
                Family.ACCOUNTS,
            ),
        ),
        Command(
            "NS",
            NICKSERV.command,
            help=Help(
                "[<verb> [<parameter>...]]",
                "The same as NICKSERV. NS HELP tells what it understands.",
                "То же, что NICKSERV. NS HELP покажет, что он понимает.",
                Family.ACCOUNTS,
            ),
        ),
    ],
    facts={
        facts.AccountKept: FactRow(apply=facts.restore_account, render=_nothing),
        facts.AccountRegistered: FactRow(
            guard=facts.guard_registration,
            apply=facts.apply_registration,
            render=_nothing,
            saves=facts.save_registration,
            own_copy=OwnCopy.NEVER,
        ),
        facts.CertificateAdded: FactRow(
            guard=facts.guard_certificate,
            apply=facts.apply_account,
            render=_nothing,
            saves=facts.save_account,
        ),
        **dict.fromkeys(
            (
                facts.AccountUsed,
                facts.DeviceSeen,
                facts.CertificateRemoved,
                *administration.FACTS,
                *email.FACTS,
                *password.FACTS,
                *second_factor.FACTS,
                *sessions.FACTS,
                *ssh_keys.FACTS,
                *tokens.FACTS,
            ),
            CHANGED,
        ),
        facts.ChoiceMade: FactRow(
            guard=facts.guard_account, apply=facts.apply_choice, render=_nothing, saves=facts.save_account
        ),
        administration.AccountRenamed: administration.RENAMING,
        erasure.AccountErased: erasure.ERASURE,
        sessions.SessionsEnded: sessions.ENDING,
        LoggedIn: FactRow(guard=facts.guard_login, apply=facts.apply_login, render=facts.render_account),
        LoggedOut: FactRow(apply=facts.apply_logout, render=facts.render_account),
    },
    witnesses={
        LoggedOut: sessions.note_logout,
        sessions.SessionsEnded: sessions.note_ending,
        facts.AccountRegistered: erasure.watch_registration,
        erasure.AccountErased: erasure.note_erasure,
        administration.AccountSuspended: administration.note_suspension,
    },
    begins=_begin,
    services={"nickserv": NICKSERV.hear},
    caps={
        "account-notify": "",
        "account-tag": "",
        "draft/account-registration": register.value,
    },
)
