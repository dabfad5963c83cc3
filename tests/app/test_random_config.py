"""Any config file: it is taken, or refused with a key and a line that are there; nothing else is raised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veche.app.config import Config
from veche.app.config_file import ConfigError, load_config

SECTIONS = {field.name: field.type for field in msgspec.structs.fields(Config)}
KEYS = sorted(
    f"{section}.{field.name}"
    for section, kind in SECTIONS.items()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    for field in msgspec.structs.fields(kind)
)

values = st.one_of(
    st.integers().map(str),
    st.integers(-2, 70000).map(str),
    st.sampled_from(["true", "false", "nan", "inf", "-inf", "1e400", "[]", "{}", "[[]]", "1979-05-27", "1.5"]),
    st.text(max_size=20).map(lambda text: msgspec.json.encode(text).decode()),
    st.sampled_from([
        '"off"', '"#lobby"', '"lobby"', '"irc.example"', '":6667"', '"unix:/run/x"', '"[::1]:70000"', '["10.0.0.0/8"]',
        '["x"]', '"https://chat.example"', '"*"', '["*"]', '{a = 1}', '"\\u0000"', '"a\\nb"',
        '"1h"', '[1, "a"]', "0", "-1",
    ]),
)  # fmt: skip
lines = st.one_of(
    st.tuples(st.sampled_from(KEYS), values).map(lambda found: f"{found[0]} = {found[1]}"),
    st.tuples(st.sampled_from(KEYS), values).map(lambda found: f"{found[0]}x = {found[1]}"),
    st.sampled_from(
        [*(f"[{name}]" for name in SECTIONS), "[oper.root]", "[webirc.x]", "[[server]]", "[defcon]"]
    ),
    st.sampled_from(['password = "x"', "# comment", "", "=", '"', "[", 'motd = """', '"""', "\ufeff", "\0"]),
    st.text(max_size=20),
)


def outcome(load: Callable[[], Config]) -> Config | ConfigError:
    """The config, or why there is none."""
    try:
        return load()
    except ConfigError as error:
        return error


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(lines, max_size=8).map("\n".join), junk=st.binary(max_size=4))
def test_a_file_is_taken_or_refused_with_a_reason(tmp_path: Path, text: str, junk: bytes) -> None:
    file = tmp_path / "veche.toml"
    data = text.encode() + (b"\n" + junk if len(junk) > 3 else b"")
    file.write_bytes(data)
    file.chmod(0o600)
    found = outcome(lambda: load_config(file))
    if isinstance(found, ConfigError):
        assert str(found)
        assert found.line is None or 1 <= found.line <= data.count(b"\n") + data.count(b"\r") + 1


@settings(deadline=None, derandomize=True)
@given(override=lines | st.tuples(st.sampled_from(KEYS), values).map("=".join))
def test_an_option_is_taken_or_refused_with_a_reason(override: str) -> None:
    assert str(outcome(lambda: load_config(None, [override])))
