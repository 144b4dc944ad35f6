"""Who is billed for whom: a customer's invoices and credit belong to its parent, or to whom it merged into, all the
way up. Used where rows are stored and where facts are gathered, so that both walk the same chain. Sets no fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from models import Account
from workflows.rows import among, one_of

_EMPTY: ColumnElement[str] = literal_column("''")


def family(company_id: int, customers: Iterable[str]) -> Select[tuple[str]]:
    """The vendor ids of these customers and of everyone who bills to them, through any number of others.

    A customer that is already in is not walked again, so a loop in the data ends.
    """
    return _family(literal(company_id), Account.external_id.in_(list(customers)))


def _family(company_id: ColumnElement[int], first: ColumnElement[bool]) -> Select[tuple[str]]:
    known = select(Account.external_id).where(Account.company_id == company_id, first)
    found = known.cte("family", recursive=True)
    child = aliased(Account)
    # That it is not empty is written out, so that the indexes over the few that are not can be used.
    mine = child.company_id == company_id
    below = or_(
        and_(mine, child.merged_into != _EMPTY, child.merged_into == found.c.external_id),
        and_(mine, child.bills_to != _EMPTY, child.merged_into == _EMPTY, child.bills_to == found.c.external_id),
    )
    found = found.union(select(child.external_id).where(below))
    return select(found.c.external_id)


# The same for statements that are made once: of some, asked with `company` and a list of `customers`.
FAMILIES = _family(bindparam("company"), one_of(Account.external_id, "customers"))
# And of one customer, for statements that are made once: they are asked with `company_id` and `customer_id`.
FAMILY = _family(bindparam("company_id"), Account.external_id == bindparam("customer_id"))


class Payers:
    """The accounts of some customers and of those above them, fetched a generation at a time.

    `make` makes accounts for customers that are not yet known: a place for what is read before the customer is.
    Without it they are passed over.
    """

    def __init__(self, session: Session, company_id: int, make: Callable[[Sequence[str]], None] | None = None) -> None:
        self._accounts: dict[str, tuple[int, str]] = {}  # their key, and the customer above
        self._session, self._company_id, self._make = session, company_id, make

    def fetch(self, customers: Iterable[str]) -> None:
        """Have the accounts of these customers and everyone above them; one query for each generation."""
        wanted = set(customers) - self._accounts.keys()
        while wanted:
            found = self._found(wanted)
            if self._make is not None and (unknown := sorted(wanted - found.keys())):
                self._make(unknown)
                found |= self._found(unknown)
            self._accounts |= found
            wanted = {above for _, above in found.values()} - self._accounts.keys() - {""}

    def _found(self, customers: Iterable[str]) -> dict[str, tuple[int, str]]:
        """By the columns alone: a page of invoices may name a thousand customers."""
        column = Account.__table__.c
        rows = self._session.connection().execute(
            select(column.external_id, column.id, column.merged_into, column.bills_to).where(
                column.company_id == self._company_id, among(self._session, column.external_id, customers)
            )
        )
        return {external_id: (id, merged_into or bills_to) for external_id, id, merged_into, bills_to in rows}

    def of(self, customer: str) -> int:
        """The account billed for a fetched customer; in a loop, the last one before it closes."""
        return self.chain(customer)[-1]

    def chain(self, customer: str) -> list[int]:
        """The accounts of a fetched customer and of everyone above it, up to the one that is billed."""
        id, above = self._accounts[customer]
        chain, passed = [id], {customer}
        while above in self._accounts and above not in passed:
            passed.add(above)
            id, above = self._accounts[above]
            chain.append(id)
        return chain

    def known(self, customers: Iterable[str]) -> set[int]:
        """The accounts billed for those of these customers that have one."""
        return {self.of(customer) for customer in customers if customer in self._accounts}
