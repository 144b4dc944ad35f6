"""Settings are read once, checked with a sentence for each mistake, documented, and secret where they must be."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import Settings, SettingsError, as_markdown, load, missing

ROOT = Path(__file__).resolve().parents[2]
KEY = "k".join("abcdefghijklmnopqrs")
LEDGER_URLS = ("AUTHORIZE", "TOKEN", "REVOKE", "DISCOVERY", "API")
LOOPBACK = {
    **{f"{kind}_API_URL": f"http://{kind.lower()}.test" for kind in ("STRIPE", "GOCARDLESS")},
    **{f"{kind}_{url}_URL": "http://127.0.0.1:5001" for kind in ("QUICKBOOKS", "XERO") for url in LEDGER_URLS},
}


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture(autouse=True)
def _the_process_keeps_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "")


def read(var: Path, **given: str) -> Settings:
    return load({"DUNLIN_VAR": str(var), **{f"DUNLIN_{name}": value for name, value in given.items()}})


def demo(var: Path, **given: str) -> Settings:
    return read(var, **{"MODE": "demo", **LOOPBACK, **given})


def test_without_any_settings_it_is_production_on_sqlite_with_the_vendors_real_addresses(var: Path) -> None:
    settings = read(var)
    assert settings.mode == "production"
    assert settings.database_url == f"sqlite:///{var.resolve() / 'dunlin.db'}"
    assert settings.xero_api_url == "https://api.xero.com"
    assert settings.quickbooks_api_url == "https://quickbooks.api.intuit.com"


def test_secrets_are_made_once_and_only_their_owner_can_read_them(var: Path) -> None:
    first, second = read(var), read(var)
    assert first.secret_keys == second.secret_keys
    assert first.index_key == second.index_key != first.secret_keys[0]
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in var.iterdir()] == [("secrets", 0o600)]


def test_given_secrets_are_used_newest_first_and_no_file_is_made(var: Path) -> None:
    new, old = "n".join("abcdefghijklmnopqrs"), "o".join("abcdefghijklmnopqrs")
    settings = read(var, SECRET_KEYS=f"{new}, {old}", INDEX_KEY=KEY)
    assert settings.secret_keys == (new, old)
    assert not var.exists()


def test_a_secrets_file_that_lost_a_line_is_not_silently_replaced(var: Path) -> None:
    read(var)
    (var / "secrets").write_text(f"secret_keys={KEY}\n")
    with pytest.raises(SettingsError, match="does not hold both secrets; bring the file back from a backup"):
        read(var)


def test_settings_never_change_afterwards(var: Path) -> None:
    with pytest.raises(ValidationError):
        read(var).port = 1


def test_no_secret_shows_when_settings_are_printed(var: Path) -> None:
    secrets = {name: f"{name.lower()}-hunter2-hunter2-hunter2-hunter2" for name in _secret_names()}
    settings = read(
        var, **secrets, SMTP_URL="smtp://me:hunter2@mail.example.com", DATABASE_URL="postgresql://me:hunter2@db/x"
    )
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)


def _secret_names() -> list[str]:
    return [name.upper() for name in Settings.model_fields if name.endswith(("_key", "_keys", "_secret"))]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"MODE": "test"}, "DUNLIN_MODE is not usable: input should be 'demo' or 'production'."),
        ({"PORT": "http"}, "DUNLIN_PORT is not usable: input should be a valid integer"),
        ({"PORT": "70000"}, "DUNLIN_PORT is not usable: input should be less than or equal to 65535."),
        ({"SECRET_KEY": KEY}, "DUNLIN_SECRET_KEY is not a setting; did you mean DUNLIN_SECRET_KEYS?"),
        ({"SECRET_KEYS": "hunter2"}, "DUNLIN_SECRET_KEYS holds a key of 7 characters; use at least 32 random ones."),
        ({"INDEX_KEY": "hunter2"}, "DUNLIN_INDEX_KEY holds a key of 7 characters; use at least 32 random ones."),
        ({"PUBLIC_URL": "http://dunlin.example.com"}, "DUNLIN_PUBLIC_URL must begin with https:// outside the demo."),
        ({"PUBLIC_URL": "http://127.0.0.1:8000"}, "DUNLIN_PUBLIC_URL must begin with https:// outside the demo."),
        ({"PUBLIC_URL": "https://a.example/b"}, "DUNLIN_PUBLIC_URL must be a scheme and a host only"),
        ({"PUBLIC_URL": "https://[a"}, "DUNLIN_PUBLIC_URL must be a scheme and a host only"),
        ({"XERO_TOKEN_URL": "http://127.0.0.1"}, "DUNLIN_XERO_TOKEN_URL must begin with https:// outside the demo."),
        ({"XERO_TOKEN_URL": "xero"}, "DUNLIN_XERO_TOKEN_URL is not an address with a host"),
        ({"SMTP_URL": "mail.example.com"}, "DUNLIN_SMTP_URL must look like smtp://user:password@host:587."),
        (
            {"MAIL_FROM": "Ann <ann@a.example>"},
            "DUNLIN_MAIL_FROM must be a domain such as mail",
        ),
        ({"MAIL_FROM": "@a.example"}, "DUNLIN_MAIL_FROM must be a domain"),
        (
            {"DATABASE_URL": "mysql://root:hunter2@db"},
            "DUNLIN_DATABASE_URL must begin with sqlite:/// or postgresql://.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_variable(var: Path, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(var, **given)
    assert str(refused.value).startswith(sentence)
    assert str(refused.value).endswith((".", "?"))
    assert "hunter2" not in str(refused.value)
    assert not var.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XERO_API_URL", "https://api.xero.com"),
        ("QUICKBOOKS_TOKEN_URL", "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"),
        ("STRIPE_API_URL", "https://api.stripe.com"),
        ("GOCARDLESS_API_URL", "https://api.gocardless.com"),
        ("SMTP_URL", "smtp://mail.example.com:25"),
        ("PUBLIC_URL", "http://dunlin.example.com"),
        ("XERO_API_URL", "http://127.0.0.1.example.com"),
    ],
)
def test_a_demo_refuses_whatever_leads_outside(var: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"DUNLIN_{name} leads to .* and a demo reaches nobody"):
        demo(var, **{name: value})


@pytest.mark.parametrize(
    "value", ["smtp://127.0.0.1:1025", "smtp://localhost:25", "smtp://[::1]:25", "smtps://mail.test"]
)
def test_a_demo_may_speak_to_this_machine(var: Path, value: str) -> None:
    assert demo(var, SMTP_URL=value).smtp_url == value


def test_a_demo_without_addresses_does_not_fall_back_to_the_real_ones(var: Path) -> None:
    with pytest.raises(SettingsError, match="a demo reaches nobody; start it with `make demo`"):
        read(var, MODE="demo")


def test_a_demo_has_a_database_of_its_own_and_an_address_on_this_machine(var: Path) -> None:
    settings = demo(var, PORT="8123")
    assert settings.database_url.endswith("/demo.db")
    assert settings.public_url == "http://127.0.0.1:8123"


def test_plain_http_sign_in_is_allowed_in_a_demo_only(var: Path) -> None:
    read(var)
    assert os.environ["OAUTHLIB_INSECURE_TRANSPORT"] == ""
    demo(var)
    assert os.environ["OAUTHLIB_INSECURE_TRANSPORT"] == "1"


def test_the_environment_of_the_process_does_not_leak_in(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNLIN_PORT", "9999")
    assert read(var).port == 8000


def test_an_empty_variable_counts_as_not_given_and_a_test_variable_is_none_of_ours(var: Path) -> None:
    assert read(var, PORT="", TEST_DATABASE_URL="x").port == 8000


def test_a_slash_at_the_end_of_an_address_is_dropped(var: Path) -> None:
    assert read(var, PUBLIC_URL="https://dunlin.example.com/").public_url == "https://dunlin.example.com"


def test_the_first_run_page_lists_what_is_missing_with_its_sentence(var: Path) -> None:
    names = [name for name, sentence in missing(read(var)) if sentence]
    assert names[:3] == ["DUNLIN_PUBLIC_URL", "DUNLIN_SMTP_URL", "DUNLIN_MAIL_FROM"]
    assert "DUNLIN_XERO_CLIENT_ID" in names
    assert "DUNLIN_QUICKBOOKS_WEBHOOK_KEY" in names


def test_a_ledger_nobody_set_up_is_not_missed_beside_another(var: Path) -> None:
    names = [name for name, _ in missing(read(var, XERO_CLIENT_ID="id", XERO_CLIENT_SECRET="s"))]
    assert "DUNLIN_XERO_WEBHOOK_KEY" in names
    assert not any("QUICKBOOKS" in name for name in names)


def test_a_ledgers_settings_come_by_their_short_names(var: Path) -> None:
    assert read(var).ledger("stripe") == {"api_url": "https://api.stripe.com"}
    assert set(read(var).ledger("xero")) == set(read(var).ledger("quickbooks"))


def test_every_setting_has_its_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), name


def test_the_page_about_settings_is_current() -> None:
    assert (ROOT / "docs/settings.md").read_text() == as_markdown(), "run `make docs`"


def test_two_processes_that_start_together_agree_on_the_secrets(var: Path) -> None:
    code = f"import settings; print(settings.load({{'DUNLIN_VAR': {str(var)!r}}}).index_key)"
    processes = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert len({process.communicate()[0] for process in processes}) == 1
    assert [process.returncode for process in processes] == [0, 0, 0]
