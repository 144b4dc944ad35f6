"""What the vault seals only its keys open, and what it tags can be found again but not read back."""

from __future__ import annotations

import pytest

from workflows.vault import Vault, VaultError, new_key, seal_with, unseal_with

OLD, NEW, INDEX = "an old key of the installation 0001", "a new key of the installation 0002", "the key of the index"


def test_sealed_bytes_are_opened_by_the_same_key_and_show_nothing_of_their_content() -> None:
    vault = Vault([OLD], INDEX)
    sealed = vault.seal(b"refresh-token")
    assert b"refresh" not in sealed
    assert vault.unseal(sealed) == b"refresh-token"


def test_the_same_bytes_sealed_twice_look_different() -> None:
    vault = Vault([OLD], INDEX)
    assert vault.seal(b"realm") != vault.seal(b"realm")


def test_a_new_key_in_front_still_opens_what_the_old_one_sealed() -> None:
    sealed = Vault([OLD], INDEX).seal(b"token")
    assert Vault([NEW, OLD], INDEX).unseal(sealed) == b"token"


def test_after_rotating_the_old_key_is_no_longer_needed() -> None:
    moved = Vault([NEW, OLD], INDEX).rotate(Vault([OLD], INDEX).seal(b"token"))
    assert Vault([NEW], INDEX).unseal(moved) == b"token"
    with pytest.raises(VaultError, match="is missing"):
        Vault([OLD], INDEX).unseal(moved)


@pytest.mark.parametrize("verb", ["unseal", "rotate"])
def test_a_wrong_key_or_changed_bytes_are_refused(verb: str) -> None:
    sealed = Vault([OLD], INDEX).seal(b"token")
    with pytest.raises(VaultError):
        getattr(Vault([NEW], INDEX), verb)(sealed)
    with pytest.raises(VaultError):
        getattr(Vault([OLD], INDEX), verb)(sealed[:-4] + b"AAA=")


def test_a_tag_is_the_same_every_time_and_for_every_secret_key() -> None:
    tag = Vault([OLD], INDEX).tag("quickbooks", "9341452")
    assert Vault([NEW], INDEX).tag("quickbooks", "9341452") == tag
    assert len(tag) == 64
    assert "9341452" not in tag


def test_tags_differ_by_kind_id_and_index_key() -> None:
    vault = Vault([OLD], INDEX)
    others = {
        vault.tag("xero", "1"),
        vault.tag("quickbooks", "2"),
        Vault([OLD], "another index key").tag("quickbooks", "1"),
    }
    assert len({vault.tag("quickbooks", "1"), *others}) == 4


def test_an_address_has_one_hash_however_it_is_written() -> None:
    vault = Vault([OLD], INDEX)
    assert vault.hash_address(" Ann@Example.com ") == vault.hash_address("ann@example.com")
    assert vault.hash_address("ann@example.com") != vault.hash_address("anne@example.com")


def test_a_record_sealed_with_an_accounts_key_is_gone_without_that_key() -> None:
    key = new_key(b"22 random characters..")
    sealed = seal_with(key, b"a message was sent")
    assert unseal_with(key, sealed) == b"a message was sent"
    with pytest.raises(VaultError, match="not sealed with this key"):
        unseal_with(new_key(b"22 other characters..."), sealed)


def test_a_key_made_from_too_little_chance_is_refused() -> None:
    with pytest.raises(VaultError, match="16 unguessable bytes"):
        new_key(b"short")


@pytest.mark.parametrize(("keys", "index"), [([], INDEX), ([""], INDEX), ([OLD, ""], INDEX), ([OLD], "")])
def test_a_vault_without_all_its_keys_is_refused(keys: list[str], index: str) -> None:
    with pytest.raises(VaultError):
        Vault(keys, index)
