"""Everything a workflow needs from outside, in one frozen object that only `app.build_runtime()` fills.

Declares; does nothing. Adapters appear here as ports, so that no workflow can know a vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from integrations.channels.base import Channel, Mailbox, MailKind
from integrations.dns.base import Resolver
from integrations.ledgers.base import LedgerKind, Pace
from integrations.processors.base import ProcessorKind
from integrations.transport import Transport
from models.store import Store
from workflows.vault import Vault


class Clock(Protocol):
    """The only source of the present. `now()` is aware and in UTC."""

    def now(self) -> datetime: ...


class Engine(Protocol):
    """Where and when a company's due effects are performed. The rows stay the truth; an engine only runs things."""

    def run(self, rounds: Sequence[Callable[[], object]]) -> None:
        """Carry out the rounds, each exactly as given; may return before they have ended."""
        ...

    def close(self, wait: bool = True) -> None:
        """Begin nothing more; with `wait`, return once all has ended."""
        ...


@dataclass(frozen=True)
class Upkeep:
    """How the installation looks after itself: where nightly backups go (None: nowhere) and how many are kept, and for
    how many days what is of no more use is kept, by the names of `retention`; what is not named has its default.
    `papers` is where the operator's own privacy and terms are.
    """

    backup_to: Path | None = None
    backups_kept: int = 14
    keep_days: Mapping[str, int] = field(default_factory=dict)
    own_rates: Path | None = None
    artwork: Path | None = None
    papers: Path | None = None
    metrics_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Runtime:
    """`link_keys` sign portal links, oldest first; `new_id` makes 22 random URL-safe characters;
    `count_call` is told of each ledger call: (kind, purpose). `pause` waits so many seconds, `turns` for an
    organisation that stands only so many calls; in a world in a hurry neither takes any time. `channel` is the
    installation's own way out, `mailbox` opens a company's; `mail` is what is known of the providers. `resolver` asks
    the DNS; None where nobody outside may be asked.
    """

    clock: Clock
    new_id: Callable[[], str]
    store: Store
    vault: Vault
    mode: str
    public_url: str
    mail_from: str
    link_keys: tuple[str, ...]
    transport: Transport
    ledgers: Mapping[str, LedgerKind]
    processors: Mapping[str, ProcessorKind]
    channel: Channel | None
    mailbox: Callable[[Mailbox], Channel]
    engine: Engine
    count_call: Callable[[str, str], None]
    pause: Callable[[float], None]
    turns: Callable[[str, Pace], AbstractContextManager[None]]
    mail: Mapping[str, MailKind] = field(default_factory=dict)
    resolver: Resolver | None = None
    upkeep: Upkeep = Upkeep()
    owners_need_code: bool = False
    sign_ups: bool = False

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"
