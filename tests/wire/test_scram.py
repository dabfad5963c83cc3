"""veche.wire.scram: both sides against the RFC's example, against another library, and against cheats."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramClient, ScramException, ScramMechanism

from veche.wire.scram import (
    MOST_BYTES,
    ClientExchange,
    Credentials,
    Failure,
    ServerExchange,
    decoy,
    derive,
)

SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
PENCIL = derive("pencil", SALT, 4096)
BINDING = ("tls-server-end-point", b"\x00\x01 the hash of a certificate")
# RFC 7677, 3 "SCRAM-SHA-256 and SCRAM-SHA-256-PLUS": the example.
CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CLIENT_FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
WITHOUT_PROOF = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CLIENT_FINAL = WITHOUT_PROOF + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def server(nonce: str = SERVER_NONCE, **options: Any) -> ServerExchange:
    return ServerExchange(nonce, **options)


def client(user: str = "user", password: str = "pencil", **options: Any) -> ClientExchange:
    return ClientExchange(user, password, CLIENT_NONCE, **options)


def challenged(**options: Any) -> ServerExchange:
    """A server that has sent its challenge to the RFC's client."""
    exchange = server(**options)
    assert exchange.hear_first(CLIENT_FIRST) == "user"
    assert exchange.challenge(PENCIL) == SERVER_FIRST
    return exchange


def asked() -> ClientExchange:
    exchange = client()
    assert exchange.first() == CLIENT_FIRST
    return exchange


def talk(one: ClientExchange, other: ServerExchange, known: Credentials = PENCIL) -> bytes | Failure:
    """The whole exchange: the server's last word to the client, or what went wrong."""
    user = other.hear_first(one.first())
    if isinstance(user, Failure):
        return user
    final = one.hear_challenge(other.challenge(known))
    if isinstance(final, Failure):
        return final
    verdict = other.hear_final(final)
    return verdict if isinstance(verdict, Failure) else one.hear_verdict(verdict)


# --- what must work ---


def test_the_server_gives_the_examples_answers() -> None:
    assert challenged().hear_final(CLIENT_FINAL) == SERVER_FINAL


def test_the_client_gives_the_examples_answers() -> None:
    exchange = asked()
    assert exchange.hear_challenge(SERVER_FIRST) == CLIENT_FINAL
    assert not exchange.is_proven
    assert exchange.hear_verdict(SERVER_FINAL) == b""
    assert exchange.is_proven


@pytest.mark.parametrize("user", ["ann", "a=b,c", "=2C", "Ёж", "ann@phone", "Анна@телефон"])
@pytest.mark.parametrize("password", ["pencil", "пароль", "a,b=c", "☃ 🐱", "I\u00adX"])
def test_both_ends_agree(user: str, password: str) -> None:
    other = server()
    assert talk(client(user, password), other, derive(password, SALT, 4096)) == b""
    assert other.user == user


def test_with_channel_binding() -> None:
    assert talk(client(binding=BINDING), server(is_plus=True, bindings=dict([BINDING]))) == b""


def test_extensions_that_may_be_ignored_are() -> None:
    exchange = server()
    assert exchange.hear_first(CLIENT_FIRST + b",x=1,y=a=b") == "user"
    other = asked()
    assert isinstance(other.hear_challenge(SERVER_FIRST + b",x=1"), bytes)


def test_the_users_own_name_may_be_the_authorization_identity() -> None:
    exchange = server()
    assert exchange.hear_first(b"n,a=a=2Cb,n=a=2Cb,r=abc") == "a,b"


# --- another library on the other end ---


@pytest.mark.parametrize("binding", [None, BINDING])
@pytest.mark.parametrize(("user", "password"), [("ann", "pencil"), ("a,b=c", "пароль"), ("Ёж", "I\u00adX")])
def test_another_librarys_client_gets_in(user: str, password: str, binding: tuple[str, bytes] | None) -> None:
    mechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"] if binding else ["SCRAM-SHA-256"]
    theirs = ScramClient(mechanisms, user, password, channel_binding=binding)
    is_plus = theirs.mechanism_name.endswith("-PLUS")
    ours = server(is_plus=is_plus, bindings=dict([binding]) if binding else None)
    assert ours.hear_first(theirs.get_client_first().encode()) == user
    theirs.set_server_first(ours.challenge(derive(password, SALT, 4096)).decode())
    verdict = ours.hear_final(theirs.get_client_final().encode())
    assert isinstance(verdict, bytes)
    theirs.set_server_final(verdict.decode())  # raises unless the signature is right


@pytest.mark.parametrize("binding", [None, BINDING])
@pytest.mark.parametrize(("user", "password"), [("ann", "pencil"), ("a,b=c", "пароль"), ("Ёж", "I\u00adX")])
def test_our_client_gets_in_to_another_librarys_server(
    user: str, password: str, binding: tuple[str, bytes] | None
) -> None:
    mechanism = ScramMechanism("SCRAM-SHA-256-PLUS" if binding else "SCRAM-SHA-256")
    kept = mechanism.make_auth_info(password, salt=SALT)
    theirs = mechanism.make_server({user: kept}.__getitem__, channel_binding=binding)
    ours = client(user, password, binding=binding)
    theirs.set_client_first(ours.first().decode())
    final = ours.hear_challenge(theirs.get_server_first().encode())
    assert isinstance(final, bytes)
    theirs.set_client_final(final.decode())
    assert ours.hear_verdict(theirs.get_server_final().encode()) == b""


def test_another_librarys_client_with_a_wrong_password_is_refused_and_knows_it() -> None:
    theirs, ours = ScramClient(["SCRAM-SHA-256"], "user", "wrong"), server()
    ours.hear_first(theirs.get_client_first().encode())
    theirs.set_server_first(ours.challenge(PENCIL).decode())
    verdict = ours.hear_final(theirs.get_client_final().encode())
    assert verdict is Failure.INVALID_PROOF
    with pytest.raises(ScramException, match="invalid-proof"):
        theirs.set_server_final(verdict.message.decode())


def test_keys_are_those_of_another_library() -> None:
    for password in ("pencil", "пароль", "I\u00adX"):
        salt, stored_key, server_key, count = ScramMechanism("SCRAM-SHA-256").make_auth_info(
            password, 5000, SALT
        )
        ours = derive(password, SALT, 5000)
        assert (ours.salt, ours.stored_key, ours.server_key, ours.iterations) == (
            salt,
            stored_key,
            server_key,
            count,
        )


# --- what must not ---


def test_a_wrong_password_and_no_account_fail_alike() -> None:
    wrong = server()
    assert talk(client(password="wrong"), wrong) is Failure.INVALID_PROOF
    nobody = decoy(b"secret", "nobody", 4096)
    assert talk(client(), server(), nobody) is Failure.INVALID_PROOF
    again = decoy(b"secret", "nobody", 4096)
    assert (again.salt, again.stored_key) == (nobody.salt, nobody.stored_key), "a name has one salt"
    assert len(nobody.salt) == len(SALT)
    assert decoy(b"secret", "nobody2", 4096).salt != nobody.salt
    assert decoy(b"other secret", "nobody", 4096).salt != nobody.salt


def test_a_recorded_login_does_not_work_twice() -> None:
    exchange = server("another+nonce")
    assert exchange.hear_first(CLIENT_FIRST) == "user"
    exchange.challenge(PENCIL)
    assert exchange.hear_final(CLIENT_FINAL) is Failure.WRONG_NONCE
    # With the nonce mended the proof is one of another exchange.
    exchange = server("another+nonce")
    exchange.hear_first(CLIENT_FIRST)
    exchange.challenge(PENCIL)
    mended = CLIENT_FINAL.replace(SERVER_NONCE.encode(), b"another+nonce")
    assert exchange.hear_final(mended) is Failure.INVALID_PROOF


def test_the_first_message_is_no_last_one_and_nothing_comes_twice() -> None:
    exchange = challenged()
    assert exchange.hear_final(CLIENT_FIRST) is Failure.INVALID_ENCODING
    assert exchange.hear_final(CLIENT_FINAL) is Failure.OUT_OF_TURN, "no second try"
    exchange = challenged()
    assert exchange.hear_first(CLIENT_FIRST) is Failure.OUT_OF_TURN
    assert exchange.hear_final(CLIENT_FINAL) is Failure.OUT_OF_TURN
    exchange = challenged()
    assert exchange.hear_final(CLIENT_FINAL) == SERVER_FINAL
    assert exchange.hear_final(CLIENT_FINAL) is Failure.OUT_OF_TURN
    assert server().hear_final(CLIENT_FINAL) is Failure.OUT_OF_TURN
    assert server().challenge(PENCIL) == b""


@pytest.mark.parametrize(
    ("first", "failure"),
    [
        (b"y,,n=user,r=abc", Failure.SERVER_DOES_SUPPORT_CHANNEL_BINDING),
        (b"p=tls-server-end-point,,n=user,r=abc", Failure.CHANNEL_BINDING_NOT_SUPPORTED),
        (b"n,a=other,n=user,r=abc", Failure.OTHER_USER),
        (b"n,other,n=user,r=abc", Failure.OTHER_USER),
        (b"n,,m=1,n=user,r=abc", Failure.EXTENSIONS_NOT_SUPPORTED),
        (b"n,,n=us=er,r=abc", Failure.INVALID_USERNAME_ENCODING),
        (b"n,,n=us=2cer,r=abc", Failure.INVALID_USERNAME_ENCODING),
        (b"n,,n=us=3,r=abc", Failure.INVALID_USERNAME_ENCODING),
        (b"n,,n=us\0er,r=abc", Failure.INVALID_USERNAME_ENCODING),
        (b"n,,n=\xff,r=abc", Failure.INVALID_USERNAME_ENCODING),
        (b"n,,n=,r=abc", Failure.INVALID_USERNAME_ENCODING),
        (b"n,,n=user,r=", Failure.INVALID_ENCODING),
        (b"n,,n=user,r=a\x20b", Failure.INVALID_ENCODING),
        (b"n,,n=user,r=a\xc3\xa9", Failure.INVALID_ENCODING),
        (b"n,,n=user,r=abc,", Failure.INVALID_ENCODING),
        (b"n,,n=user,r=abc,xx=1", Failure.INVALID_ENCODING),
        (b"n,,r=abc,n=user", Failure.INVALID_ENCODING),
        (b"n,,n=user", Failure.INVALID_ENCODING),
        (b"x,,n=user,r=abc", Failure.INVALID_ENCODING),
        (b"p=,,n=user,r=abc", Failure.INVALID_ENCODING),
        (b"N,,n=user,r=abc", Failure.INVALID_ENCODING),
        (b"n=user,r=abc", Failure.INVALID_ENCODING),
        (b"", Failure.INVALID_ENCODING),
        (b"n,,n=user,r=" + b"a" * MOST_BYTES, Failure.INVALID_ENCODING),
    ],
)
def test_bad_first_messages(first: bytes, failure: Failure) -> None:
    exchange = server(bindings=dict([BINDING]))
    assert exchange.hear_first(first) is failure
    assert exchange.hear_first(CLIENT_FIRST) is Failure.OUT_OF_TURN, "a refused exchange is over"
    assert exchange.challenge(PENCIL) == b""


@pytest.mark.parametrize(
    ("flag", "failure"),
    [
        (b"n", Failure.CHANNEL_BINDINGS_DONT_MATCH),
        (b"y", Failure.SERVER_DOES_SUPPORT_CHANNEL_BINDING),
        (b"p=tls-unique", Failure.UNSUPPORTED_CHANNEL_BINDING_TYPE),
    ],
)
def test_plus_without_its_binding(flag: bytes, failure: Failure) -> None:
    exchange = server(is_plus=True, bindings=dict([BINDING]))
    assert exchange.hear_first(flag + b",,n=user,r=abc") is failure


def test_y_is_right_where_plus_was_not_offered() -> None:
    assert talk(client(could_bind=True), server()) == b""
    assert talk(client(could_bind=True), server(bindings=dict([BINDING]))) is (
        Failure.SERVER_DOES_SUPPORT_CHANNEL_BINDING
    )


def test_bound_to_another_connection() -> None:
    """Somebody in between has a certificate of his own."""
    theirs = ("tls-server-end-point", b"the hash of another certificate")
    ours = server(is_plus=True, bindings=dict([BINDING]))
    assert talk(client(binding=theirs), ours) is Failure.CHANNEL_BINDINGS_DONT_MATCH


@pytest.mark.parametrize(
    ("final", "failure"),
    [
        (CLIENT_FINAL.replace(b"c=biws", b"c=eSws"), Failure.CHANNEL_BINDINGS_DONT_MATCH),  # "y,,"
        (CLIENT_FINAL.replace(b"c=biws", b"c="), Failure.CHANNEL_BINDINGS_DONT_MATCH),
        (CLIENT_FINAL.replace(b"k0,p", b"k1,p"), Failure.WRONG_NONCE),
        (CLIENT_FINAL.replace(b"r=rO", b"r=RO"), Failure.WRONG_NONCE),
        (CLIENT_FINAL.replace(b",p=dH", b",p=eH"), Failure.INVALID_PROOF),
        (CLIENT_FINAL.replace(b",p=", b",x=1,p="), Failure.INVALID_PROOF),  # it is part of what is signed
        (
            CLIENT_FINAL.replace(b"AndVQ=", b"AndVR="),
            Failure.INVALID_ENCODING,
        ),  # the same value, spelt otherwise
        (CLIENT_FINAL[:-1], Failure.INVALID_ENCODING),
        (CLIENT_FINAL + b",x=1", Failure.INVALID_ENCODING),
        (WITHOUT_PROOF + b",p=" + b64encode(b"x" * 31), Failure.INVALID_ENCODING),
        (WITHOUT_PROOF + b",p=", Failure.INVALID_ENCODING),
        (WITHOUT_PROOF, Failure.INVALID_ENCODING),
        (b"", Failure.INVALID_ENCODING),
        (b"x" * (MOST_BYTES + 1), Failure.INVALID_ENCODING),
    ],
)
def test_bad_last_messages(final: bytes, failure: Failure) -> None:
    exchange = challenged()
    assert exchange.hear_final(final) is failure
    assert exchange.hear_final(CLIENT_FINAL) is Failure.OUT_OF_TURN


@pytest.mark.parametrize(
    ("challenge", "failure"),
    [
        (SERVER_FIRST.replace(b"i=4096", b"i=4095"), Failure.TOO_FEW_ITERATIONS),
        (SERVER_FIRST.replace(b"i=4096", b"i=1"), Failure.TOO_FEW_ITERATIONS),
        (SERVER_FIRST.replace(b"i=4096", b"i=999999999"), Failure.TOO_MANY_ITERATIONS),
        (SERVER_FIRST.replace(b"i=4096", b"i=99999999999999999999"), Failure.INVALID_ENCODING),
        (SERVER_FIRST.replace(b"i=4096", b"i=04096"), Failure.INVALID_ENCODING),
        (SERVER_FIRST.replace(b"i=4096", b"i=-1"), Failure.INVALID_ENCODING),
        (SERVER_FIRST.replace(b"r=rO", b"r=RO"), Failure.WRONG_NONCE),
        (SERVER_FIRST.replace(SERVER_NONCE.encode(), b""), Failure.WRONG_NONCE),
        (SERVER_FIRST.replace(b"s=W22", b"s=W2"), Failure.INVALID_ENCODING),
        (b"r=" + CLIENT_NONCE.encode() + b"abc,s=,i=4096", Failure.INVALID_ENCODING),
        (b"m=1," + SERVER_FIRST, Failure.EXTENSIONS_NOT_SUPPORTED),
        (b"e=unknown-user", Failure.REFUSED_BY_SERVER),
        (b"", Failure.INVALID_ENCODING),
        (SERVER_FIRST + b",x=" + b"a" * MOST_BYTES, Failure.INVALID_ENCODING),
    ],
)
def test_bad_challenges(challenge: bytes, failure: Failure) -> None:
    exchange = asked()
    assert exchange.hear_challenge(challenge) is failure
    assert exchange.hear_challenge(SERVER_FIRST) is Failure.OUT_OF_TURN


@pytest.mark.parametrize(
    ("verdict", "failure"),
    [
        (b"v=" + b64encode(b"x" * 32), Failure.WRONG_SIGNATURE),
        (b"v=", Failure.WRONG_SIGNATURE),
        (b"e=invalid-proof", Failure.REFUSED_BY_SERVER),
        (b"", Failure.INVALID_ENCODING),
        (SERVER_FINAL + b",", Failure.INVALID_ENCODING),
        (SERVER_FINAL + b",,", Failure.INVALID_ENCODING),
    ],
)
def test_verdicts_that_prove_nothing(verdict: bytes, failure: Failure) -> None:
    exchange = asked()
    exchange.hear_challenge(SERVER_FIRST)
    assert exchange.hear_verdict(verdict) is failure
    assert not exchange.is_proven
    assert exchange.hear_verdict(SERVER_FINAL) is Failure.OUT_OF_TURN


def test_a_failure_has_the_standards_word() -> None:
    assert Failure.INVALID_PROOF.message == b"e=invalid-proof"
    assert Failure.OTHER_USER.message == Failure.WRONG_NONCE.message == b"e=other-error"


# --- junk ---

# Bytes that look like a message now and then.
PIECES = st.sampled_from(
    [b"n,,", b"y,,", b"p=tls-server-end-point,,", b"n=user", b",", b"=", b"r=", b"c=biws", b"p=", b"i=4096", b"s=",
     b"v=", b"e=", b"m=", b"a=", b"=2C", SERVER_FIRST, CLIENT_FINAL, SERVER_FINAL, CLIENT_NONCE.encode()]
)  # fmt: skip
JUNK = st.lists(PIECES | st.binary(max_size=6), max_size=8).map(b"".join)


@given(JUNK, JUNK)
def test_no_junk_makes_the_server_raise_or_let_in(first: bytes, final: bytes) -> None:
    exchange = server(bindings=dict([BINDING]))
    if isinstance(exchange.hear_first(first), str):
        assert exchange.challenge(PENCIL).startswith(b"r=")
    assert isinstance(exchange.hear_final(final), Failure)
    exchange = challenged()
    verdict = exchange.hear_final(final)
    assert isinstance(verdict, Failure) or final == CLIENT_FINAL


@given(JUNK, JUNK)
def test_no_junk_makes_the_client_raise_or_believe(challenge: bytes, verdict: bytes) -> None:
    exchange = asked()
    exchange.hear_challenge(challenge)
    assert isinstance(exchange.hear_verdict(verdict), Failure)
    assert not exchange.is_proven
    exchange = asked()
    exchange.hear_challenge(SERVER_FIRST)
    exchange.hear_verdict(verdict)
    assert not exchange.is_proven or verdict.startswith(SERVER_FINAL)


@given(st.text(max_size=30), st.text(max_size=30))
def test_every_name_and_password_gets_through(user: str, password: str) -> None:
    outcome = talk(client(user, password), server(), derive(password, SALT, 4096))
    assert outcome == b"" or (outcome is Failure.INVALID_USERNAME_ENCODING and (not user or "\0" in user))
