"""SASL: logging in by AUTHENTICATE, before registration and after it.

Sources: sasl-3.1, sasl-3.2. `authenticate.py` carries the messages; each mechanism is a file of its own.
"""

from veche.core.registry import Command, Feature
from veche.features.sasl import authenticate

feature = Feature(
    "sasl",
    commands=[Command("AUTHENTICATE", authenticate.authenticate, least=1, early=True)],
    progress=authenticate.abandon,
    caps={"sasl": authenticate.mechanisms},
)
