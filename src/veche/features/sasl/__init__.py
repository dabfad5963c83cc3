"""SASL: logging in by AUTHENTICATE, before registration and after it; and by PASS, for clients that know no SASL.

Sources: sasl-3.1, sasl-3.2. `authenticate.py` carries the messages; each mechanism is a file of its own.
"""

from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.features.sasl import authenticate, by_pass

feature = Feature(
    "sasl",
    commands=[
        Command(
            "AUTHENTICATE",
            authenticate.authenticate,
            least=1,
            early=True,
            help=Help(
                "<mechanism>\n<data>\n*",
                "Logs in to an account (SASL). Clients say this by themselves, after they have asked for the "
                "capability sasl; * gives up.",
                "Выполняет вход в учётную запись (SASL). Это говорит сама программа, запросив возможность "
                "sasl; * прерывает вход.",
                Family.ACCOUNTS,
            ),
        )
    ],
    progress=by_pass.progress,
    caps={"sasl": authenticate.mechanisms},
)
