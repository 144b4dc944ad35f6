"""Keys, hashes, comparisons and chance: what is used, and what must not be."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import settings
from app import new_id
from settings import SettingsError
from tests.house import code
from workflows.vault import Vault

ROOMS = ("core", "models", "integrations", "workflows", "web")
# Values that somebody outside must not guess: they are compared by a function that takes as long for every wrong one.
SECRET = re.compile(r"signature|digest|hmac|secret|passw|\bmac\b|recovery|totp|given_code|code_sealed", re.IGNORECASE)
# What looks like one and is none, and why.
NOT_SECRET = {
    "workflows/handovers.py": "the sum of a file, which both sides show",
    "workflows/bank_lines.py": "the sum of a file, by which the same one is known again",
    "workflows/audit.py": "sums and proofs of the log, read by whoever has the log",
}


def _trees() -> list[tuple[str, ast.Module]]:
    paths = [path for path in code.python(tests=False) if path.relative_to(code.ROOT).parts[0] in ROOMS]
    return [(code.name(path), code.tree(path)) for path in paths]


def test_no_signature_or_secret_is_compared_with_an_equals_sign() -> None:
    found = []
    for name, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops):
                sides = [node.left, *node.comparators]
                if any(isinstance(one, ast.Constant) for one in sides):
                    continue
                counts = any(ast.unparse(one).startswith("len(") for one in sides)
                if any(SECRET.search(ast.unparse(one)) for one in sides) and not counts and name not in NOT_SECRET:
                    found.append(f"{name}: {ast.unparse(node)}")
    # Looked up in the database by an index: what is compared there is a hash of 128 random bits.
    assert [one for one in found if ".secret_hash == _hash(" not in one] == []


def test_every_webhook_and_returning_state_is_compared_in_the_same_time() -> None:
    for name in ("web/connecting.py", "web/senders.py", "integrations/ledgers/quickbooks/webhooks.py"):
        assert "hmac.compare_digest(" in (code.ROOT / name).read_text(encoding="utf-8"), name
    assert "hmac.compare_digest(" in (code.ROOT / "integrations/ledgers/xero/__init__.py").read_text(encoding="utf-8")


def test_no_weak_hash_or_cipher_is_used() -> None:
    """SHA-1 stands in one place: inside the HMAC of a device's code, where RFC 6238 and every device want it."""
    weak = re.compile(r"\b(md5|sha1|SHA1|MD5|DES|ARC4|RC4|ECB|Blowfish)\b")
    found = {name for name, tree in _trees() for node in ast.walk(tree) if weak.fullmatch(_word(node))}
    assert found == {"workflows/second_step.py"}


def _word(node: ast.AST) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def test_chance_comes_from_the_systems_own_source() -> None:
    """128 bits for every id that must not be guessed; `random` and `uuid4` are banned by the linter."""
    assert "secrets.token_urlsafe(16)" in (code.ROOT / "app.py").read_text(encoding="utf-8")
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(one) for one in made} == {22}
    rules = (code.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f'"{one}".msg' in rules for one in ("random", "uuid.uuid4", "secrets"))


def test_what_is_sealed_cannot_be_changed_unseen() -> None:
    sealed = bytearray(Vault(["k" * 32], "i" * 32).seal(b"a token"))
    for place in (10, len(sealed) // 2, len(sealed) - 3):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Exception, match="cannot be opened"):
            Vault(["k" * 32], "i" * 32).unseal(bytes(changed))


@pytest.mark.parametrize(
    "given", [{"SECRET_KEYS": "short"}, {"INDEX_KEY": "x" * 31}, {"SECRET_KEYS": f"{'k' * 40},weak"}]
)
def test_the_start_is_refused_with_a_weak_secret(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="at least 32 random ones"):
        settings.load({"DUNLIN_VAR": str(tmp_path), **{f"DUNLIN_{name}": value for name, value in given.items()}})


@pytest.mark.parametrize("word", ["k" * 40, "changeme" * 5, "0123456789" * 4])
def test_outside_a_demo_a_secret_that_is_no_chance_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(SettingsError, match="DUNLIN_SECRET_KEYS"):
        settings.load({"DUNLIN_VAR": str(tmp_path), "DUNLIN_SECRET_KEYS": word})


def test_the_two_kinds_of_key_may_not_be_the_same(tmp_path: Path) -> None:
    one = new_id() + new_id()
    with pytest.raises(SettingsError, match="must differ"):
        settings.load({"DUNLIN_VAR": str(tmp_path), "DUNLIN_SECRET_KEYS": one, "DUNLIN_INDEX_KEY": one})


@pytest.mark.parametrize("name", ["PUBLIC_URL", "XERO_TOKEN_URL", "QUICKBOOKS_API_URL", "STRIPE_API_URL"])
def test_outside_a_demo_nothing_travels_in_the_open(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="https://"):
        settings.load({"DUNLIN_VAR": str(tmp_path), f"DUNLIN_{name}": "http://example.com"})


def test_no_secret_is_written_into_the_code() -> None:
    shaped = re.compile(r"""["'](sk_live_|rk_live_|whsec_[A-Za-z0-9]{20}|AKIA|ghp_|-----BEGIN)""")
    for path in code.files():
        if path.suffix in (".py", ".toml", ".html", ".md") and "tests" not in path.parts:
            assert not shaped.search(path.read_text(encoding="utf-8", errors="replace")), code.name(path)
