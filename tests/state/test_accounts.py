"""veche.state.accounts: whose a name is."""

from __future__ import annotations

import pytest

from veche.state.accounts import Account, Accounts

# Twenty ways to look like admin, and some to look like others.
LOOKALIKES = [
    ("admin", nick)
    for nick in (
        "ADMIN", "Admin", "aDmIn", "admın", "ADMlN", "ADM1N", "ADM|N", "AdMlN", "adrnin", "Adrnin", "adrnın", "ɑdmin",
        "ɑdmın", "ɑdrnin", "Ɑdmin", "ａｄｍｉｎ", "ꓮꓓꓟꓲꓠ", "ᎪᎠᎷΙΝ", "admiｎ", "ADrnin",
    )
] + [("Bill", "BiIl"), ("bob1", "bobl"), ("user10", "user1O"), ("max", "МАХ"), ("МИРОН", "мир0н")]  # fmt: skip


def keep(accounts: Accounts, uid: str, name: str) -> Account:
    account = Account(uid, name, 0)
    accounts.put(account)
    return account


@pytest.mark.parametrize(("name", "nick"), LOOKALIKES)
def test_a_name_is_its_owners_however_it_looks(name: str, nick: str) -> None:
    accounts = Accounts()
    owner = keep(accounts, "1", name)
    keep(accounts, "2", "somebody")
    assert accounts.owner_of(nick) is owner


@pytest.mark.parametrize("nick", ["Noel", "nei", "neil_", "neil2", "нейл"])
def test_what_can_be_told_apart_is_free(nick: str) -> None:
    accounts = Accounts()
    assert accounts.owner_of(nick) is None
    keep(accounts, "1", "Neil")
    assert accounts.owner_of(nick) is None


def test_logging_in_takes_the_name_and_not_what_looks_like_it() -> None:
    accounts = Accounts()
    bill = keep(accounts, "1", "Bill")
    assert accounts.named("BILL") is bill
    assert accounts.named("BiIl") is None


def test_who_changes_is_found_as_he_is_now() -> None:
    accounts = Accounts()
    keep(accounts, "1", "Bill")
    newer = keep(accounts, "1", "Bill")
    assert accounts.owner_of("BiIl") is newer
    renamed = keep(accounts, "1", "Tom")
    assert accounts.owner_of("BiIl") is None
    assert accounts.owner_of("Torn") is renamed
    accounts.remove("1")
    assert accounts.owner_of("Tom") is None
    assert (accounts.by_uid, accounts.by_key, accounts.by_look) == ({}, {}, {})


def test_two_of_an_older_time_may_look_alike() -> None:
    accounts = Accounts()
    first, second = keep(accounts, "1", "bob1"), keep(accounts, "2", "bobl")
    assert accounts.owner_of("bob1") is first
    assert accounts.owner_of("bobl") is second
    accounts.remove("1")
    accounts.remove("2")
    assert accounts.by_look == {}


def test_a_certificate_is_found_as_long_as_its_account_has_it() -> None:
    accounts = Accounts()
    ann, bob = Account("u1", "ann", 1), Account("u2", "bob", 1)
    for account in (ann, bob):
        accounts.put(account)
    assert accounts.certified("") is accounts.certified("aa") is None
    ann.certificates["aa"] = "the laptop"  # as facts do: the account is changed, and put once more
    accounts.put(ann)
    bob.certificates["bb"] = ""
    accounts.put(bob)
    assert (accounts.certified("aa"), accounts.certified("bb")) == (ann, bob)
    del ann.certificates["aa"]
    ann.certificates["cc"] = ""
    accounts.put(ann)
    assert (accounts.certified("aa"), accounts.certified("cc")) == (None, ann)
    ann.certificates.clear()
    accounts.put(ann)
    accounts.remove("u2")
    accounts.remove("u2")
    assert accounts.by_certificate == {}
    assert Account.from_values(bob.values()).certificates == {"bb": ""}
