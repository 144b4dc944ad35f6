"""Everything a workflow needs from outside, in one frozen object that only `app.build_runtime()` fills.

Declares; does nothing. Adapters appear here as ports, so that no workflow can know a vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from integrations.channels.base import Channel, Mailbox, MailKind
from integrations.dns.base import Resolver
from integrations.ledgers.base import LedgerKind, Pace
from integrations.processors.base import ProcessorKind
from integrations.transport import Transport
from models.store import Store
from workflows.begun import Begun
from workflows.vault import Vault


class Clock(Protocol):
    """The only source of the present. `now()` is aware and in UTC."""

    def now(self) -> datetime: ...


# What was given to another process for so long, and not begun, is given once more.
HANDED = timedelta(minutes=30)


class Lane(StrEnum):
    """Work of one lane never waits for work of another: nobody's message stands behind the reading of a large book."""

    ACT = "act"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work that falls due for companies and is done for one at a time. `due` names those that have some now;
    `hand_on` does so in the transaction that gives it to somebody else, and marks the rows so that for a while nobody
    gives it a second time. `do` does as much of one company's as may be done before others have their turn. What is
    `in_turn` is never done twice at once for one company; what is more `urgent` is begun first.
    """

    name: str
    lane: Lane
    due: Callable[[Runtime], Sequence[int]]
    hand_on: Callable[[Runtime, Session], Sequence[int]]
    do: Callable[[Runtime, int], object]
    in_turn: bool = False
    urgent: int = 0


class Engine(Protocol):
    """Where and when due work is done. The rows stay the truth and are claimed by whoever does it; an engine only says
    that there is something to do.
    """

    def give(self, rt: Runtime, work: Work) -> int:
        """Have all work of this kind done that is due; for how many companies. May return before it is done."""
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
    the DNS; None where nobody outside may be asked. `me`, half as long, tells this process from others on the same
    rows, `begun` what it has read itself and when.
    """

    clock: Clock
    new_id: Callable[[], str]
    me: str
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
    begun: Begun
    mail: Mapping[str, MailKind] = field(default_factory=dict)
    resolver: Resolver | None = None
    upkeep: Upkeep = Upkeep()
    owners_need_code: bool = False
    sign_ups: bool = False

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"
