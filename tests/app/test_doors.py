"""What the configuration makes of the doors."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.net.conftest import House, house
from veche.app.addresses import Address
from veche.app.cli import Doors, Settings
from veche.app.config_file import load_config
from veche.app.doors import DoorMaker, UnusableError, fill_in_doors
from veche.core.settings import Settings as EngineSettings
from veche.net.descriptors import Gate
from veche.net.proxy import ProxyLayer
from veche.net.tcp import IrcProtocol
from veche.net.tls_layer import TlsLayer
from veche.net.web import WebProtocol

__all__ = ["house"]


def settings(data: Path, *overrides: str, doors: Doors | None = None) -> Settings:
    config = load_config(None, ["server.name=irc.example", *overrides])
    return Settings(
        config=config,
        doors=doors or Doors(),
        data=data,
        config_file=data / "veche.toml",
        language="en",
    )


def engine_settings(data: Path, *overrides: str, doors: Doors | None = None) -> EngineSettings:
    engine = EngineSettings()
    fill_in_doors(engine, settings(data, *overrides, doors=doors))
    return engine


def test_nobody_is_trusted_unless_it_is_said(tmp_path: Path) -> None:
    engine = engine_settings(tmp_path)
    assert engine.webirc == []
    assert "127.0.0.1" not in engine.gateways
    assert "" not in engine.gateways
    assert engine.sts_seconds == 0


def test_gateways_and_proxies_have_no_limits_per_address(tmp_path: Path) -> None:
    engine = engine_settings(
        tmp_path,
        'webirc.kiwi={password = "x", networks = ["192.0.2.1"]}',
        'proxy.trusted=["10.0.0.0/8", "unix"]',
    )
    (gateway,) = engine.webirc
    assert (gateway.name, gateway.password) == ("kiwi", "x")
    assert "192.0.2.1" in gateway.networks
    assert "10.1.1.1" not in gateway.networks
    assert all(address in engine.gateways for address in ("192.0.2.1", "10.1.1.1", ""))


def test_sts_sends_people_to_the_tls_door(tmp_path: Path) -> None:
    doors = Doors(ircs=(Address(path=tmp_path / "s"), Address(port=7000), Address(port=7001)))
    engine = engine_settings(tmp_path, 'tls.sts_names=["Chat.Example"]', doors=doors)
    assert engine.sts_port == 7000
    assert engine.sts_names == {"irc.example": None, "chat.example": None}
    assert engine_settings(tmp_path, "tls.sts_port=6697", doors=doors).sts_port == 6697
    assert engine_settings(tmp_path).sts_port == 0


def layers(house: House, data: Path, *overrides: str) -> dict[str, type[asyncio.Protocol]]:
    maker = DoorMaker(house.shell, settings(data, *overrides))
    made = {}
    for door in ("irc", "ircs", "web"):
        gate = maker.make(door)()
        assert isinstance(gate, Gate)
        made[door] = type(gate.next_layer())
    assert maker.reload() == ""
    return made


async def test_layers_of_doors(house: House, tmp_path: Path) -> None:
    assert layers(house, tmp_path) == {"irc": IrcProtocol, "ircs": TlsLayer, "web": WebProtocol}
    assert (tmp_path / "tls" / "cert.pem").exists()


async def test_layers_of_doors_behind_proxies(house: House, tmp_path: Path) -> None:
    made = layers(house, tmp_path, 'proxy.doors=["irc", "ircs"]', "web.tls=true")
    assert made == {"irc": ProxyLayer, "ircs": ProxyLayer, "web": TlsLayer}


async def test_a_certificate_that_is_not_there_is_told(house: House, tmp_path: Path) -> None:
    maker = DoorMaker(house.shell, settings(tmp_path, "tls.certificate=a.pem", "tls.key=b.pem"))
    with pytest.raises(UnusableError, match=f"{tmp_path}/a.pem cannot be read"):
        maker.make("ircs")


async def test_sts_without_a_certificate_is_warned_of(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    DoorMaker(house.shell, settings(tmp_path, "tls.sts_seconds=60")).make("ircs")
    assert "clients that obey will not come back" in caplog.text
