"""One seeded run of the whole system in a hostile world, and the promises that must hold afterwards.

Two processes of Dunlin step in turn over one database, and at a boundary of one the other may act. A kill is a
BaseException at a boundary: everything but the database and the pretend world is thrown away, and it starts anew.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import requests
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from integrations.channels.smtp import Smtp
from integrations.errors import BadSignature, OutsideError
from models import Attempt, AttemptLine, Company, Connection, Delivery, Effect, GuardedChange, Posting, Reversal
from sandbox import browser
from sandbox.books import Webhook
from sandbox.processors import Declined
from tests.faults.acts import Acts
from tests.faults.boundaries import Killed, Line, Process, Skewed, WatchedStore, ground
from tests.faults.promises import Outcome, check
from tests.faults.troubles import Troubles
from tests.faults.witness import Witness
from tests.town import Town
from workflows import clock, companies, sync
from workflows.errors import Refusal
from workflows.pacing import Turns
from workflows.pending import UNSEEN

STEPS = 20
# Mornings before quiet days, and before each change of the clocks here and there.
STARTS = ((2026, 3, 2), (2026, 3, 6), (2026, 3, 26), (2026, 10, 22), (2026, 10, 30), (2026, 6, 1))
KILL = {"before a request": 0.02, "after a request": 0.02, "before a commit": 0.008, "after a commit": 0.008}
KILL_AT_A_WORD, KILL_ELSEWHERE = 0.05, 0.0
MEANWHILE = {"after a read": 0.003, "after a commit": 0.03}
MEANWHILE_ELSEWHERE = 0.06
HANGS = 0.001
SHORTEST, NIGHT = timedelta(minutes=1), timedelta(hours=14)


class Simulation:
    """One run. `chance` decides everything that is not decided by the code under test."""

    def __init__(self, seed: int) -> None:
        self.chance, self.outcome = Random(f"faults/{seed}"), Outcome(seed)
        start = datetime(*self.chance.choice(STARTS), self.chance.choice((6, 11, 20)), tzinfo=UTC)
        self.kinds = self.chance.choice(
            (("quickbooks",), ("xero",), ("quickbooks",), ("xero",), ("quickbooks", "xero"))
        )
        self.under = ground()
        self.town = Town(seed=seed, start=start)
        self.witness = Witness(self.town, self.under)
        self.troubles = Troubles(self.town, self.chance)
        self.acts = Acts(self.town, self.chance, self.witness, self.under.store)
        self.armed = self.nested = False
        self.running: Process | None = None
        self.doing = ""
        self.processes = [Process(name, Skewed(self.town.clock)) for name in ("one", "two")]
        self.late: list[Webhook] = []
        self.town.network.before = lambda method, url: self._wire(method, url, done=False)
        self.town.network.after = lambda method, url: self._wire(method, url, done=True)
        self.town.mailbox.on_message = self.witness.arrived
        self.under.trouble = self.troubles.statement
        self._books()

    def _books(self) -> None:
        for kind in self.kinds:
            letter, today = kind[0].upper(), self.town.now.date()
            for place in range(3):
                self.town.customer(kind, f"{letter}{place}".lower())
            for number in range(1, 6 if len(self.kinds) == 1 else 4):
                due = today + timedelta(days=self.chance.randint(-12, 5))
                customer = f"{letter}{self.chance.randrange(3)}".lower()
                self.town.open(kind, f"{letter}-{number}", customer, due, f"{self.chance.randint(20, 900)}.50")

    # What happens at a boundary

    def _reached(self, where: str, place: str = "") -> None:
        """The process may die here, time may pass, and whoever else there is may act."""
        if not self.armed:
            return
        name = f"{where} of {place}" if place else where
        self.outcome.reached[name] += 1
        if self.chance.random() < HANGS:
            self._hangs()
        if self.chance.random() < KILL.get(where, KILL_ELSEWHERE if where == "after a read" else KILL_AT_A_WORD):
            self.outcome.kills[name] += 1
            raise Killed(name)
        if where == "before a commit":
            self._disk()
        elif not (self.nested or self.under.open) and self.chance.random() < MEANWHILE.get(where, MEANWHILE_ELSEWHERE):
            self._meanwhile(name)

    def _disk(self) -> None:
        """What SQLAlchemy makes of a COMMIT that fails."""
        try:
            self.troubles.commit()
        except Exception as error:
            raise OperationalError("COMMIT", None, error) from error

    def _hangs(self) -> None:
        """Longer than any lease."""
        length = timedelta(minutes=self.chance.choice((1, 4, 7)))
        self.witness.leapt.append((self.town.now, length))
        self.town.clock.move(self.town.now + length)
        self.outcome.faults["a call hangs for minutes"] += 1

    def _wire(self, method: str, url: str, *, done: bool) -> None:
        if self.under.open:
            self.outcome.broke("other", f"{method} {url} was called inside a transaction.")
        if done and method != "GET":
            self.witness.look()
        self._reached("after a request" if done else "before a request", url.split("/")[2].partition(".")[0])
        self.troubles.wire(url, done=done)

    def _meanwhile(self, where: str) -> None:
        """While one process is in the middle of something, the other does something whole: often the very same."""
        first, doing, self.nested = self.running, self.doing, True
        self.outcome.meanwhile[where] += 1
        other = next(one for one in self.processes if one is not first)
        what = self.chance.random()
        try:
            if what < 0.5:
                names = list(clock.VERBS)
                name = self.doing if self.doing in names and what < 0.3 else self.chance.choice(names)
                self._alive(other, name, lambda: clock.VERBS[name][0](other.rt))
            elif what < 0.9:
                self._alive(other, *self.acts.some())
            else:
                self._alive(other, "webhooks", self._webhooks)
        finally:
            self.nested, self.doing = False, doing
            self._run_as(first)

    # Dying and starting anew

    def _start(self, process: Process) -> None:
        process.store = WatchedStore(self.under, self._reached)
        self.town.start(process.store)
        line = self.town.mailbox.connect
        channel = Smtp(self.town.settings.smtp_url, lambda: Line(line(), self._reached, self.troubles.word))
        turns = Turns(lambda: self.town.now.timestamp(), self._wait)
        process.rt = replace(self.town.rt, clock=process.clock, channel=channel, pause=self._wait, turns=turns)

    def _wait(self, seconds: float) -> None:
        self.town.clock.move(self.town.now + timedelta(seconds=seconds))

    def _run_as(self, process: Process | None) -> None:
        self.running = self.witness.sender = process
        if process is not None:
            self.town.rt = process.rt

    def _alive(self, process: Process, name: str, act: Callable[[], object]) -> None:
        """Do it; when the process dies of it, start another. The dead one's leases run out as time passes."""
        self._run_as(process)
        self.doing = name
        try:
            act()
            self.outcome.done[name] += 1
        except Killed:
            self._start(process)
            self._run_as(process)
        except OperationalError:
            self.outcome.refused[name] += 1  # the page says to try again, the clock comes by again
        except (Refusal, Declined, OutsideError, ValueError):
            self.outcome.refused[name] += 1
        except Exception as error:
            line = traceback.extract_tb(error.__traceback__)[-1]
            self.outcome.broke("other", f"{name} fell over: {error!r} at {line.filename}:{line.lineno}.")
        self.witness.look()

    # One run

    def run(self) -> Outcome:
        self.town.begin(store=WatchedStore(self.under, self._reached), kinds=self.kinds)
        for process in self.processes:
            self._start(process)
        self._run_as(self.processes[0])
        self.acts.settle_in()
        self.witness.look()
        self.armed = self.troubles.armed = True
        for _ in range(STEPS):
            self._step()
        self.armed = self.troubles.armed = False
        self._calm_down()
        check(self.town, self.outcome, self.witness.wrong, self.witness.moved)
        self.outcome.faults.update(self.troubles.happened)
        self.under.renew()
        return self.outcome

    def _step(self) -> None:
        process = self.chance.choice((self.processes[0], self.processes[0], self.processes[1]))
        if self.chance.random() < 0.3:
            self.troubles.plan()
        if self.chance.random() < 0.1:
            process.clock.beside = timedelta(minutes=self.chance.randint(-8, 8))
            self.outcome.faults["a machine's clock is minutes off"] += 1
        if self.chance.random() < 0.8:
            self._alive(process, *self.acts.some())
        if self.chance.random() < 0.5:
            self._alive(process, "webhooks", self._webhooks)
        if self.chance.random() < 0.3:
            self._alive(process, "reconnect", self._reconnect)
        verbs = list(clock.VERBS.items())
        if self.chance.random() < 0.4:
            verbs = self.chance.sample(verbs, self.chance.randint(2, len(verbs)))
        for name, (verb, _) in verbs:
            self._alive(process, name, lambda verb=verb: verb(process.rt))
        if self.chance.random() < 0.08:
            name = self.chance.choice(list(clock.NIGHTLY))
            self._alive(process, name, lambda: clock.NIGHTLY[name](process.rt))
        self._time_passes()

    def _time_passes(self) -> None:
        """To the next moment at which something is due; sometimes only minutes, sometimes everything sleeps."""
        self._run_as(self.processes[0])
        self.armed, armed = False, self.armed
        upcoming = clock.next_moment(self.town.rt) or self.town.now + NIGHT
        self.armed = armed
        leap = self.chance.choices(
            (upcoming - self.town.now, timedelta(minutes=7), timedelta(hours=3), NIGHT), (5, 2, 2, 2)
        )
        if leap[0] == NIGHT:
            self.outcome.faults["everything sleeps for hours"] += 1
        self.town.clock.move(self.town.now + min(max(SHORTEST, leap[0]), 2 * NIGHT))

    def _webhooks(self) -> None:
        """Deliveries arrive late, twice and out of order."""
        town = self.town
        twins = (town.quickbooks, town.xero, town.stripe, town.gocardless)
        self.late += [hook for twin in twins for hook in twin.webhooks()]
        self.chance.shuffle(self.late)
        while self.late and self.chance.random() < 0.85:
            self._deliver(self.late.pop())

    def _deliver(self, hook: Webhook) -> None:
        times = self.chance.choice((1, 1, 2))
        self.outcome.faults["a webhook comes twice"] += times - 1
        try:
            for _ in range(times):
                self.town.deliver(hook)
        except (Killed, OperationalError):
            self.late.append(hook)  # no answer, or 503: the vendor sends it again
            raise
        except BadSignature:
            self.outcome.broke("other", f"A {hook.kind} webhook was taken for a forgery.")
        self._forge(hook)

    def _forge(self, hook: Webhook) -> None:
        """Somebody sends the same with a word changed: it must not be believed."""
        if self.chance.random() < 0.1:
            with suppress(BadSignature, Refusal, OperationalError):
                self.town.deliver(replace(hook, raw=hook.raw[:-2] + b" " + hook.raw[-2:]))
                self.outcome.broke("other", f"A forged {hook.kind} webhook was believed.")

    # Until everything is quiet

    def _calm_down(self) -> None:
        """No more faults: leases run out, what was left is taken up, everything is read once more."""
        for process in self.processes:
            process.clock.beside = timedelta()
        self._run_as(self.processes[0])
        town, quiet = self.town, 0
        for _ in range(40):
            self._reconnect()
            waiting, self.late = self.late, []
            for hook in waiting:
                self._deliver(hook)
            town.settle()
            quiet = quiet + 1 if not self._on_its_way() else 0
            if quiet == 1:  # whatever happened last in the ledgers is read, also where no round was due any more
                for kind in self.kinds:
                    sync.request(town.rt, town.company(kind).id)
            if quiet == 2:
                return
            town.clock.move(town.now + timedelta(hours=13))
        self.outcome.broke("lost", f"It never became quiet: {self._on_its_way()}.")

    def _on_its_way(self) -> list[str]:
        """What has not come to an end yet, by table."""
        moving = {
            "company": select(Company.id).where(Company.sync_state != "idle"),
            "effect": select(Effect.id).where(Effect.state.in_(("claimed", "sending"))),
            "delivery": select(Delivery.id).where(Delivery.handled_at.is_(None)),
            "attempt": select(Attempt.id).where(Attempt.state == "created"),
            "line": select(AttemptLine.id).where(AttemptLine.state.in_(("coming", "taken", "booked"))),
            "reversal": select(Reversal.id).where(Reversal.state == "due"),
            "posting": select(Posting.id).where((Posting.state == "due") | ((Posting.state == "written") & UNSEEN)),
            "change": select(GuardedChange.id).where(GuardedChange.state == "waiting"),
        }
        with self.under.store.read() as session:
            return [name for name, one in moving.items() if session.scalars(one.limit(1)).first() is not None]

    def _reconnect(self) -> None:
        """The accountant sees on the desk that a permission is gone, gives it again, and switches sending on again."""
        for kind in self.kinds:
            company = self.town.company(kind)
            with self.under.store.read() as session:
                newest = select(Connection.state).where(Connection.company_id == company.id)
                state = session.scalars(newest.order_by(Connection.id.desc())).first()
            with suppress(browser.Lost, requests.RequestException, KeyError, Refusal, OutsideError):
                if state != "active":
                    self.town.connect(kind)
                    self.outcome.reconnected += 1
                if company.live_at is None:
                    companies.set_live(self.town.rt, company.id, on=True)


def simulate(seed: int) -> Outcome:
    """One run, from its seed alone."""
    return Simulation(seed).run()
