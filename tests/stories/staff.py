"""Robin of the practice, who approves drafts and makes calls in a story's town, through the workflows' own doors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import select

from models import ApprovalRow, Company, Draft, Task, User
from tests.stories.days import town_of
from tests.town import Town
from workflows import approvals, library, planner
from workflows.approvals import Shown


class Robin:
    """One person of the town's practice; every company asks before each message for `days` days."""

    def __init__(self, town: Town, kind: str, days: int) -> None:
        self.town, self.kind = town, kind
        with town.rt.store.write() as session:
            user = User(
                role="accountant",
                uid=town.new_id(),
                practice_id=town.practice_id,
                email="robin@sandpiper.example",
                name="Robin Vale",
                password_hash="-",
                created_at=town.now,
            )
            session.add(user)
        self.id = user.id
        approvals.set_rule(town.rt, town.company(kind).id, days, False, self.id)

    def queue(self) -> list[Shown]:
        """What waits, as it is shown."""
        rt = self.town.rt
        with rt.store.read() as session:
            return approvals.shown(rt, session, session.scalars(select(Draft).order_by(Draft.id)).all())

    def one(self) -> Shown:
        (found,) = self.queue()
        return found

    def approve(self, subject: str = "", text: str | None = None) -> None:
        one = self.one()
        approvals.approve(self.town.rt, one.draft.id, one.mark, self.id, subject, text)

    def words(self) -> list[ApprovalRow]:
        """What was ever decided, in order."""
        with self.town.rt.store.read() as session:
            return list(session.scalars(select(ApprovalRow).order_by(ApprovalRow.id)))

    def tasks(self) -> list[Task]:
        with self.town.rt.store.read() as session:
            return list(session.scalars(select(Task).order_by(Task.id)))

    def use(self, cadence: str) -> None:
        """Give the company a cadence of its own."""
        rt = self.town.rt
        version, company_id = library.save(rt, self.town.practice_id, cadence), self.town.company(self.kind).id
        with rt.store.write() as session:
            session.get_one(Company, company_id).cadence_version_id = version.id
            planner.wake_company(rt, session, company_id)
        self.town.settle()


@contextmanager
def robins(kind: str, *invoices: tuple[str, str, date], days: int = 7) -> Iterator[tuple[Town, Robin]]:
    """A town live since Monday 2 March, and Robin."""
    with town_of(kind, *invoices) as town:
        yield town, Robin(town, kind, days)
