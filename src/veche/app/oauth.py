"""Tokens of an issuer that the owner trusts (ports.Tokens): OAuth 2.0 bearer tokens, for SASL OAUTHBEARER.

Two ways, of which [oauth] names one: the token is signed, and looked at here with the issuer's public keys, which are
fetched now and then (`jwks_url`); or it says nothing by itself, and the issuer is asked about each
(`introspection_url`).

The rule: nothing in a token decides how it is looked at. Who has to have issued it, for whom, and by which algorithms
it may be signed is in the config; keys come from the one address there, whatever the token says of others. What
cannot be had in time is a refusal, and the next attempt may fare better. Neither a token nor a secret is ever logged.

Sources: RFC 7519 (JWT), RFC 7517 (JWK), RFC 8725 (what has gone wrong with both), RFC 7662 (introspection).
"""

import asyncio
import json
import logging
import math
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus

from veche.app.config import OAuth
from veche.core.ports import TokenProblem

if TYPE_CHECKING:
    import aiohttp
    from joserfc.jwk import KeySet

# Seconds that one question to the issuer may take, from the name of the machine to the last byte.
ASK_SECONDS = 5.0
# Bytes of its answer.
LONGEST_ANSWER = 256 * 1024
# Questions under way at once, and tokens that may wait for theirs; who comes on top is to try again.
AT_ONCE = 8
LINE = 64
# Keys are fetched again when they are so old (seconds), and for a token of a key that is not among them, but not more
# often than this: whoever makes up names of keys must not have us ask for each.
KEYS_LAST = 3600.0
KEYS_AGAIN = 30.0
# How wrong the clocks may go, in seconds.
LEEWAY = 30
# The longest name that anybody has is far shorter.
LONGEST_NAME = 200

_log = logging.getLogger("veche.oauth")

Answer = str | TokenProblem


class _Unreachable(Exception):
    """The issuer could not be asked, or has not answered as it should; the text says what happened."""


class _Keys(NamedTuple):
    keys: "KeySet"
    fetched: float  # monotonic


class TokenIssuer:
    """Checks tokens for one server. Made in a running loop; `touch` ends the loop's turn for the engine.

    `now` gives seconds since 1970.
    """

    def __init__(
        self, settings: OAuth, touch: Callable[[], None], now: Callable[[], float] = time.time
    ) -> None:
        # Loaded when somebody has set it up, and not at every start: both take a quarter of a second.
        import aiohttp  # noqa: PLC0415
        import joserfc.jwt  # noqa: PLC0415, F401

        self._settings = settings
        self._touch = touch
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._keys: _Keys | None = None
        self._asked = -math.inf  # when keys were asked for last (monotonic)
        self._fetching = asyncio.Lock()
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ASK_SECONDS),
            # What is sent over nobody's wire but the issuer's: no proxies of the environment, nothing to unpack.
            trust_env=False,
            auto_decompress=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )

    def check(self, token: str, done: Callable[[Answer], None]) -> bool:
        """Find out whose token it is; False when too many wait."""
        if len(self._tasks) >= LINE:
            return False
        task = self._loop.create_task(self._answer(token, done), name="look at a token")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def close(self) -> None:
        """Give up what waits."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.close()

    async def _answer(self, token: str, done: Callable[[Answer], None]) -> None:
        try:
            async with asyncio.timeout(2 * ASK_SECONDS):
                claims = await (self._read(token) if self._settings.jwks_url else self._introspect(token))
        except (_Unreachable, TimeoutError) as error:
            _log.warning("a token could not be looked at: %s", str(error) or "the issuer takes too long")
            done(TokenProblem.UNAVAILABLE)
        except Exception:
            _log.exception(
                "bug: a token could not be looked at"
            )  # whoever waits for the answer has to have one
            done(TokenProblem.UNAVAILABLE)
        else:
            done(self._name_in(claims) if claims is not None else TokenProblem.INVALID)
        self._touch()

    def _name_in(self, claims: Mapping[str, Any]) -> Answer:
        name = claims.get(self._settings.account_claim)
        if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME:
            return name
        _log.warning("a good token has no %s, or one that is no name", self._settings.account_claim)
        return TokenProblem.INVALID

    # ---- tokens that are signed

    async def _read(self, token: str) -> Mapping[str, Any] | None:
        """The claims of a token that is good, else None."""
        from joserfc.errors import InvalidKeyIdError  # noqa: PLC0415

        keys = await self._find_keys(older_than=KEYS_LAST)
        try:
            return self._verify(token, keys)
        except InvalidKeyIdError:
            pass  # the issuer may have a new key
        fresh = await self._find_keys(older_than=KEYS_AGAIN)
        try:
            return self._verify(token, fresh) if fresh is not keys else None
        except InvalidKeyIdError:
            return None

    def _verify(self, token: str, keys: "KeySet") -> Mapping[str, Any] | None:
        """Raises InvalidKeyIdError for a key that is not among these."""
        from joserfc import jws, jwt  # noqa: PLC0415
        from joserfc.errors import InvalidKeyIdError, JoseError  # noqa: PLC0415

        settings = self._settings
        # RFC 8725, 3.1: "Libraries MUST enable the caller to specify a supported set of algorithms and MUST NOT use any
        # other algorithms". "jku", "jwk" and "x5u" are told by whoever has made the token, and nobody follows them.
        registry = jws.JWSRegistry(algorithms=list(settings.algorithms), strict_check_header=False)
        claims = jwt.JWTClaimsRegistry(
            now=lambda: int(self._now()),
            leeway=LEEWAY,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
        )
        try:
            found = jwt.decode(token, keys, registry=registry)
            claims.validate(found.claims)
        except InvalidKeyIdError:
            raise
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            # What is wrong, in the library's words, which hold nothing of the token.
            _log.info("a token is refused: %s", type(error).__name__)
            return None
        return found.claims

    async def _find_keys(self, *, older_than: float) -> "KeySet":
        """The issuer's keys, fetched again when they are that old. Those of before serve while it cannot be reached."""
        async with self._fetching:
            now = self._loop.time()
            known = self._keys
            if known is not None and now - known.fetched < older_than:
                return known.keys
            if now - self._asked >= KEYS_AGAIN:
                self._asked = now
                try:
                    known = self._keys = _Keys(await self._fetch_keys(), now)
                except _Unreachable as error:
                    _log.warning("the issuer's keys cannot be had: %s", error)
            if known is None:
                raise _Unreachable("there are no keys")
            return known.keys

    async def _fetch_keys(self) -> "KeySet":
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        answer = await self._ask("GET", self._settings.jwks_url)
        try:
            # RFC 8725, 3.2: a public key must never serve as the secret of a symmetric algorithm; here nothing does.
            keys = [
                key for key in answer["keys"] if key.get("kty") != "oct" and key.get("use", "sig") == "sig"
            ]
            return KeySet.import_key_set({"keys": keys})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _Unreachable(f"these are no keys ({type(error).__name__})") from error

    # ---- tokens that the issuer is asked about

    async def _introspect(self, token: str) -> Mapping[str, Any] | None:
        """RFC 7662: what the issuer says of a token that is active, else None."""
        settings = self._settings
        claims = await self._ask(
            "POST",
            settings.introspection_url,
            {"token": token, "token_type_hint": "access_token"},
        )
        if claims.get("active") is not True:
            return None
        # 4: "the authorization server MUST perform all applicable checks"; what it tells must be right all the same.
        now = self._now()
        audience = claims.get("aud", settings.audience)
        wanted = (
            claims.get("iss", settings.issuer) == settings.issuer,
            not settings.audience
            or settings.audience in (audience if isinstance(audience, list) else [audience]),
            _is_time(claims.get("exp", now), lambda time: now < time + LEEWAY),
            _is_time(claims.get("nbf", now), lambda time: time <= now + LEEWAY),
        )
        return claims if all(wanted) else None

    # ---- the one way to the issuer

    async def _ask(self, method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object from one of the addresses in the config. Raises _Unreachable."""
        import aiohttp  # noqa: PLC0415

        settings = self._settings
        # RFC 6749, 2.3.1: "The client identifier is encoded using the "application/x-www-form-urlencoded" encoding
        # algorithm [...] and the encoded value is used as the username"
        login = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}".encode()
        headers = {"Authorization": f"Basic {b64encode(login).decode()}"} if form is not None else None
        try:
            async with (
                self._turn,
                self._http.request(
                    method, url, data=form, headers=headers, allow_redirects=False
                ) as response,
            ):
                if response.status != 200:
                    raise _Unreachable(f"the issuer answers {response.status}")
                answer = json.loads(await _read_all(response))
        except (aiohttp.ClientError, OSError, ValueError, RecursionError) as error:
            raise _Unreachable(type(error).__name__) from error
        if not isinstance(answer, dict):
            raise _Unreachable("the issuer's answer is no JSON object")
        return answer


async def _read_all(response: "aiohttp.ClientResponse") -> bytes:
    data = b""
    async for chunk in response.content.iter_chunked(65_536):
        data += chunk
        if len(data) > LONGEST_ANSWER:
            raise _Unreachable("the issuer's answer is too long")
    return data


def _is_time(value: object, holds: Callable[[float], bool]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and holds(value)
