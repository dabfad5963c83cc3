"""Tokens of an issuer, looked at with its keys or by asking it, against an issuer of our own on this machine."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from veche.app import oauth
from veche.app.config import OAuth
from veche.app.oauth import LONGEST_ANSWER, Answer, TokenIssuer
from veche.core.ports import TokenProblem, Tokens

AUDIENCE = "veche"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
NEXT = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one"})


class Issuer:
    """Somebody who has made tokens, and tells of them."""

    def __init__(self) -> None:
        self.keys: list[Any] = [KEY]
        self.active: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.answer: Callable[[], web.StreamResponse] | None = None
        self.pause = asyncio.Event()
        self.pause.set()
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        await self.pause.wait()
        if self.answer is not None:
            return self.answer()
        if request.path == "/keys":
            return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})
        form = dict(await request.post())
        self.forms.append({**form, "login": request.headers.get("Authorization", "")})  # type: ignore[dict-item]
        return web.json_response({"active": False, **self.active.get(str(form["token"]), {})})

    def settings(self, **changes: Any) -> OAuth:
        return OAuth(**{"issuer": self.url, "audience": AUDIENCE, "jwks_url": f"{self.url}/keys", **changes})

    def introspected(self, **changes: Any) -> OAuth:
        secrets = {"client_id": "ve:che", "client_secret": "s&cret"}
        return self.settings(jwks_url="", introspection_url=f"{self.url}/tell", **secrets, **changes)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "exp": now + 600,
            "nbf": now,
            "preferred_username": "ann",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
        registry = jws.JWSRegistry(algorithms=["RS256", "RS512", "ES256", "HS256"], strict_check_header=False)
        header = {"alg": "RS256", "kid": "one", "typ": "JWT", **(header or {})}
        return jwt.encode(
            {k: v for k, v in header.items() if v is not None}, self.claims(**changes), key, registry=registry
        )


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", issuer.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield issuer
    issuer.pause.set()
    await runner.cleanup()


class Desk:
    """Where tokens are looked at."""

    def __init__(self, settings: OAuth) -> None:
        self.turns = 0
        self.tokens = TokenIssuer(settings, self._touch)

    def _touch(self) -> None:
        self.turns += 1

    async def __aenter__(self) -> Desk:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.tokens.close()

    async def check(self, token: str) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        assert self.tokens.check(token, answered.set_result)
        assert not answered.done(), "in a later turn, never inside the call"
        async with asyncio.timeout(10):
            answer = await answered
        await asyncio.sleep(0)
        assert self.turns, "the engine's turn ends"
        return answer


def is_a_port(tokens: TokenIssuer) -> Tokens:
    return tokens


# ---- signed tokens


async def test_a_good_token_says_who_somebody_is(issuer: Issuer) -> None:
    async with Desk(issuer.settings()) as desk:
        for _ in range(3):
            assert await desk.check(issuer.token()) == "ann"
        assert await desk.check(issuer.token(aud=["others", AUDIENCE], nbf=None)) == "ann"
    assert issuer.asked == ["/keys"], "the keys are fetched once"


def segment(data: bytes | dict[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(issuer: Issuer, alg: str) -> str:
    return f"{segment({'alg': alg, 'kid': 'one'})}.{segment(issuer.claims())}."


def by_hand(issuer: Issuer, header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    said = f"{segment(header)}.{segment(issuer.claims())}"
    return f"{said}.{segment(sign(said.encode()))}"


def test_what_is_made_by_hand_is_well_made() -> None:
    issuer = Issuer()
    token = by_hand(issuer, {"alg": "RS256"}, lambda said: KEY.private_key.sign(said, PKCS1v15(), SHA256()))
    assert jwt.decode(token, KEY, algorithms=["RS256"]).claims["preferred_username"] == "ann"


def by_public_key(issuer: Issuer) -> str:
    """HS256 with our public key as the secret."""
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = OctKey.import_key(base64.urlsafe_b64encode(KEY.public_key.public_bytes(*form)).decode())
    return issuer.token(secret, {"alg": "HS256"})


def now(seconds: int) -> int:
    return int(time.time()) + seconds


def signature_changed(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def claims_changed(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{segment(issuer.claims(preferred_username='root'))}.{signature}"


FORGED: dict[str, Callable[[Issuer], str]] = {
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg None": lambda issuer: unsigned(issuer, "None"),
    "alg empty": lambda issuer: unsigned(issuer, ""),
    "HS256 with the public key": by_public_key,
    "HS256 with nothing": lambda issuer: by_hand(
        issuer, {"alg": "HS256"}, lambda said: hmac.digest(b"", said, "sha256")
    ),
    "an algorithm that is not allowed": lambda issuer: issuer.token(
        RSAKey.import_key({**KEY.as_dict(private=True), "alg": "RS512"}), {"alg": "RS512"}
    ),
    "somebody else's key": lambda issuer: issuer.token(STRANGER),
    "kid is a path": lambda issuer: issuer.token(STRANGER, {"kid": "../../../dev/null"}),
    "kid is SQL": lambda issuer: issuer.token(STRANGER, {"kid": "x' UNION SELECT 'AA"}),
    "kid is missing, key is another": lambda issuer: issuer.token(STRANGER, {"kid": None}),
    "jku": lambda issuer: issuer.token(STRANGER, {"kid": "mine", "jku": f"{issuer.url}/evil"}),
    "x5u": lambda issuer: issuer.token(STRANGER, {"kid": "mine", "x5u": f"{issuer.url}/evil"}),
    "jwk": lambda issuer: issuer.token(STRANGER, {"jwk": STRANGER.as_dict(private=False)}),
    "crit": lambda issuer: by_hand(
        issuer,
        {"alg": "RS256", "kid": "one", "crit": ["exp"], "exp": 1},
        lambda said: KEY.private_key.sign(said, PKCS1v15(), SHA256()),
    ),
    "no exp": lambda issuer: issuer.token(exp=None),
    "exp is past": lambda issuer: issuer.token(exp=now(-60)),
    "exp is a word": lambda issuer: issuer.token(exp="tomorrow"),
    "no aud": lambda issuer: issuer.token(aud=None),
    "wrong aud": lambda issuer: issuer.token(aud="others"),
    "wrong auds": lambda issuer: issuer.token(aud=["others", "veche2"]),
    "aud is no word": lambda issuer: issuer.token(aud={AUDIENCE: 1}),
    "future nbf": lambda issuer: issuer.token(nbf=now(600)),
    "future iat": lambda issuer: issuer.token(iat=now(600)),
    "no iss": lambda issuer: issuer.token(iss=None),
    "wrong iss": lambda issuer: issuer.token(iss="https://evil.example"),
    "no name": lambda issuer: issuer.token(preferred_username=None),
    "a name that is none": lambda issuer: issuer.token(preferred_username=["ann"]),
    "a megabyte": lambda issuer: issuer.token(padding="x" * 1_000_000),
    "the signature was changed": lambda issuer: signature_changed(issuer.token()),
    "the claims were changed": claims_changed,
    "no signature": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "two parts": lambda issuer: issuer.token().rpartition(".")[0],
    "five parts": lambda issuer: issuer.token() + ".a.b",
    "a word": lambda issuer: "abc",
    "nothing": lambda issuer: "",
    "deep": lambda issuer: f"{segment(b'[' * 5000)}.{segment(b'{}')}.{segment(b'x')}",
    "claims are no object": lambda issuer: jws.serialize_compact({"alg": "RS256", "kid": "one"}, b"[1]", KEY),
}


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_token_is_refused(
    issuer: Issuer, forged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "KEYS_AGAIN", 0.0)  # so that a key that is not known is asked for each time
    async with Desk(issuer.settings()) as desk:
        assert await desk.check(FORGED[forged](issuer)) is TokenProblem.INVALID
        assert await desk.check(issuer.token()) == "ann", "and nothing else is broken"
    assert set(issuer.asked) == {"/keys"}, "nobody is asked but whom the config names"


async def test_a_clock_may_go_a_little_wrong(issuer: Issuer) -> None:
    async with Desk(issuer.settings()) as desk:
        assert await desk.check(issuer.token(exp=now(-10))) == "ann"
        assert await desk.check(issuer.token(nbf=now(10))) == "ann"


async def test_a_new_key_is_fetched_and_names_of_keys_do_not_make_us_ask(issuer: Issuer) -> None:
    async with Desk(issuer.settings()) as desk:
        assert await desk.check(issuer.token()) == "ann"
        issuer.keys = [KEY, NEXT]
        renewed = issuer.token(NEXT, {"alg": "ES256", "kid": "two"})
        assert await desk.check(renewed) is TokenProblem.INVALID, "it was asked just now"
        assert issuer.asked == ["/keys"]
        desk.tokens._asked -= oauth.KEYS_AGAIN
        assert desk.tokens._keys is not None
        desk.tokens._keys = desk.tokens._keys._replace(fetched=desk.tokens._keys.fetched - oauth.KEYS_AGAIN)
        assert await desk.check(renewed) == "ann"
        for number in range(20):
            forged = issuer.token(STRANGER, {"kid": f"key {number}"})
            assert await desk.check(forged) is TokenProblem.INVALID
        assert issuer.asked == ["/keys"] * 2


async def test_a_key_is_for_its_own_purpose(issuer: Issuer) -> None:
    secret = OctKey.import_key(base64.urlsafe_b64encode(b"s" * 32).decode(), {"kid": "secret"})
    for_encryption = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    issuer.keys = [KEY, for_encryption]
    async with Desk(issuer.settings()) as desk:
        assert (
            await desk.check(
                issuer.token(
                    RSAKey.import_key({**for_encryption.as_dict(private=True), "use": "sig"}), {"kid": "enc"}
                )
            )
            is TokenProblem.INVALID
        )
        assert (
            await desk.check(issuer.token(secret, {"alg": "HS256", "kid": "secret"})) is TokenProblem.INVALID
        )
        assert await desk.check(issuer.token()) == "ann"


async def test_keys_of_before_serve_while_the_issuer_is_away(issuer: Issuer) -> None:
    async with Desk(issuer.settings()) as desk:
        assert await desk.check(issuer.token()) == "ann"
        issuer.answer = lambda: web.Response(status=503)
        desk.tokens._asked = -1e9
        assert desk.tokens._keys is not None
        desk.tokens._keys = desk.tokens._keys._replace(fetched=-1e9)
        assert await desk.check(issuer.token()) == "ann"
        assert len(issuer.asked) == 2


def too_long() -> web.Response:
    return web.Response(body=b'{"keys": "' + b"x" * LONGEST_ANSWER + b'"}')


ANSWERS: dict[str, Callable[[], web.StreamResponse]] = {
    "503": lambda: web.Response(status=503),
    "another address": lambda: web.Response(status=302, headers={"Location": "/elsewhere"}),
    "no JSON": lambda: web.Response(text="<html>"),
    "no object": lambda: web.json_response([1]),
    "deep": lambda: web.Response(text="[" * 100_000),
    "too long": too_long,
    "compressed": lambda: web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("way", ["jwks", "introspection"])
async def test_an_issuer_that_answers_nonsense_could_not_be_asked(
    issuer: Issuer, way: str, answer: str
) -> None:
    issuer.answer = ANSWERS[answer]
    async with Desk(issuer.settings() if way == "jwks" else issuer.introspected()) as desk:
        assert await desk.check(issuer.token()) is TokenProblem.UNAVAILABLE
    assert "/elsewhere" not in issuer.asked


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": 5}, {"keys": [5]}, {"keys": [{"kty": "RSA"}]}])
async def test_what_is_no_set_of_keys_is_none(issuer: Issuer, keys: dict[str, Any]) -> None:
    issuer.answer = lambda: web.json_response(keys)
    async with Desk(issuer.settings()) as desk:
        assert await desk.check(issuer.token()) is TokenProblem.UNAVAILABLE


async def test_nobody_there(issuer: Issuer) -> None:
    async with Desk(issuer.settings(jwks_url="http://127.0.0.1:1/keys")) as desk:
        assert await desk.check(issuer.token()) is TokenProblem.UNAVAILABLE


async def test_a_slow_issuer_is_waited_for_and_not_for_ever(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "ASK_SECONDS", 0.1)
    issuer.pause.clear()
    async with Desk(issuer.introspected()) as desk:
        assert await desk.check("abc") is TokenProblem.UNAVAILABLE


async def test_the_line_has_an_end_and_is_given_up_with_the_server(issuer: Issuer) -> None:
    issuer.pause.clear()
    heard: list[Answer] = []
    async with Desk(issuer.introspected()) as desk:
        taken = [desk.tokens.check("abc", heard.append) for _ in range(oauth.LINE + 5)]
        assert taken == [True] * oauth.LINE + [False] * 5
    assert heard == []


# ---- tokens that the issuer is asked about


async def test_the_issuer_says_who_somebody_is(issuer: Issuer) -> None:
    issuer.active["abc"] = {"active": True, "preferred_username": "ann"}
    async with Desk(issuer.introspected()) as desk:
        assert await desk.check("abc") == "ann"
        assert await desk.check("abd") is TokenProblem.INVALID
    login = "Basic " + base64.b64encode(b"ve%3Ache:s%26cret").decode()
    assert issuer.forms[0] == {"token": "abc", "token_type_hint": "access_token", "login": login}


@pytest.mark.parametrize(
    "claims",
    [
        {"active": "true"},
        {"active": 1},
        {"iss": "https://evil.example"},
        {"aud": "others"},
        {"aud": ["others"]},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"nbf": 4e9},
        {"preferred_username": ""},
        {"preferred_username": 5},
        {"preferred_username": "x" * 1000},
    ],
    ids=str,
)
async def test_what_the_issuer_tells_must_be_right(issuer: Issuer, claims: dict[str, Any]) -> None:
    issuer.active["abc"] = {"active": True, "preferred_username": "ann", **claims}
    async with Desk(issuer.introspected()) as desk:
        assert await desk.check("abc") is TokenProblem.INVALID


async def test_another_claim_may_be_the_name(issuer: Issuer) -> None:
    issuer.active["abc"] = {"active": True, "sub": "ann"}
    async with Desk(issuer.introspected(account_claim="sub", audience="")) as desk:
        assert await desk.check("abc") == "ann"


async def test_nothing_of_a_token_is_logged(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "veche")
    async with Desk(issuer.settings()) as desk:
        await desk.check(issuer.token())
        token = issuer.token(STRANGER)
        await desk.check(token)
        issuer.answer = ANSWERS["503"]
    async with Desk(issuer.introspected()) as desk:
        await desk.check(token)
    text = caplog.text
    assert "a token is refused" in text
    assert "a token could not be looked at" in text
    for secret in (*token.split("."), "s&cret", "s%26cret"):
        assert secret not in text
