"""Connection registration in every order that is legal: nobody has to know which one we like."""

from __future__ import annotations

from itertools import permutations

import pytest

from veche.testing.stage import Stage, quiet_settings

STEPS = ("PASS secret", "NICK ann", "USER ann 0 * :Ann", "CAP LS 302", "CAP REQ :batch")


def is_let_in(lines: list[str]) -> bool:
    settings = quiet_settings()
    settings.password = "secret"
    stage = Stage(settings)
    person = stage.open("ann")
    person.send(*lines)
    return any(" 001 ann " in line for line in person.take())


# A password must come before what completes the registration; negotiating, once begun, holds it open to CAP END.
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids=lambda order: " ".join(s[:8] for s in order))
def test_any_order_ends_with_cap_end(order: tuple[str, ...]) -> None:
    without_end = list(order)
    begun = min(order.index("CAP LS 302"), order.index("CAP REQ :batch"))
    complete = max(order.index("NICK ann"), order.index("USER ann 0 * :Ann"))
    if begun > complete:
        # Registered before it negotiated, if the password was there by then; then CAP is for a registered client.
        assert is_let_in(without_end) == (order.index("PASS secret") < complete)
        return
    assert not is_let_in(without_end)
    assert is_let_in([*without_end, "CAP END"])


@pytest.mark.parametrize("order", list(permutations(STEPS[:3])))
def test_any_order_without_capabilities(order: tuple[str, ...]) -> None:
    assert is_let_in(list(order)) == (order[-1] != "PASS secret")


@pytest.mark.parametrize("end", ["CAP END", "CAP END x"])
def test_an_end_of_nothing_is_nothing(end: str) -> None:
    assert is_let_in([end, *STEPS[:3], end])
    assert is_let_in([STEPS[0], "CAP LS", STEPS[1], STEPS[2], end, end])
