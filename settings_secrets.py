"""The secrets of an installation that was given none: made once, and kept in a private file beside its data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from settings_checks import SettingsError


def kept_secrets(var: Path) -> dict[str, str]:
    """The secrets of this installation, made if there are none: a private file in a private folder."""
    path = var / "secrets"
    try:
        if not path.exists():
            var.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_secrets(path)
        lines = [line.partition("=") for line in path.read_text().splitlines()]
    except OSError as error:
        raise SettingsError(f"DUNLIN_VAR: the secrets in {path} cannot be read or made ({error.strerror}).") from None
    kept = {name: value for name, _, value in lines if name in ("secret_keys", "index_key")}
    if len(kept) < 2:
        raise SettingsError(f"DUNLIN_VAR: {path} does not hold both secrets; bring the file back from a backup.")
    return kept


def _make_secrets(path: Path) -> None:
    """Written aside and then linked, so that two processes that start together agree and none reads half a file."""
    aside = path.with_name(f"secrets.{os.getpid()}")
    text = "".join(f"{name}={secrets.token_urlsafe(48)}\n" for name in ("secret_keys", "index_key"))
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink(missing_ok=True)
