"""Who is billed for whom: a customer's invoices and credit belong to its parent, or to whom it merged into, all the
way up. Used where rows are stored and where facts are gathered, so that both walk the same chain. Sets no fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from models import Account


def family(company_id: int, customers: Iterable[str]) -> Select[tuple[str]]:
    """The vendor ids of these customers and of everyone who bills to them, through any number of others.

    A customer that is already in is not walked again, so a loop in the data ends.
    """
    known = select(Account.external_id).where(
        Account.company_id == company_id, Account.external_id.in_(list(customers))
    )
    found = known.cte("family", recursive=True)
    child = aliased(Account)
    below = or_(
        child.merged_into == found.c.external_id,
        and_(child.merged_into == "", child.bills_to == found.c.external_id),
    )
    found = found.union(select(child.external_id).where(child.company_id == company_id, below))
    return select(found.c.external_id)


class Payers:
    """The accounts of some customers and of those above them, fetched a generation at a time.

    `make` makes the account of a customer that is not yet known: a place for what is read before the customer is.
    """

    def __init__(self, session: Session, company_id: int, make: Callable[[str], Account]) -> None:
        self.rows: dict[str, Account] = {}
        self._session, self._company_id, self._make = session, company_id, make

    def fetch(self, customers: Iterable[str]) -> None:
        """Have the accounts of these customers and everyone above them; one query for each generation."""
        wanted = set(customers)
        while wanted:
            unknown = sorted(wanted - self.rows.keys())
            if unknown:
                mine = Account.company_id == self._company_id
                for row in self._session.scalars(select(Account).where(mine, Account.external_id.in_(unknown))):
                    self.rows[row.external_id] = row
            for customer in unknown:
                if customer not in self.rows:
                    self.rows[customer] = self._make(customer)
            above = {_above(self.rows[customer]) for customer in wanted}
            wanted = above - self.rows.keys() - {""}

    def of(self, customer: str) -> Account:
        """The account billed for a fetched customer; in a loop, the last one before it closes."""
        row = self.rows[customer]
        passed = {customer}
        while (above := _above(row)) and above not in passed:
            passed.add(above)
            row = self.rows[above]
        return row


def _above(row: Account) -> str:
    return row.merged_into or row.bills_to
