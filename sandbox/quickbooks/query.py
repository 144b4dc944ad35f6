"""QuickBooks' query language over the rows of a realm: one SELECT with WHERE, ORDERBY, STARTPOSITION and MAXRESULTS.

It reads and refuses like the vendor; it never changes a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sandbox.quickbooks import faults, shapes
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import Realm

_TOKEN = re.compile(r"\s*('(?:\\.|[^'\\])*'|<=|>=|!=|[=<>(),*]|[A-Za-z_][\w.]*|-?\d+(?:\.\d+)?)")
_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,  # type: ignore[operator]
    ">": lambda left, right: left > right,  # type: ignore[operator]
    "<=": lambda left, right: left <= right,  # type: ignore[operator]
    ">=": lambda left, right: left >= right,  # type: ignore[operator]
}


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(slots=True)
class Query:
    entity: str
    count: bool = False
    where: list[Condition] = field(default_factory=list)
    order: str = ""
    descending: bool = False
    start: int = 1
    most: int = 100


def run(realm: Realm, statement: str) -> Body:
    """The QueryResponse of a statement."""
    query = _Parser(statement).query()
    rows = _matching(realm, query)
    if query.count:
        return {"totalCount": len(rows)}
    if query.order:
        rows.sort(key=lambda row: _order_key(row, query.order), reverse=query.descending)
    page = rows[query.start - 1 : query.start - 1 + query.most]
    if not page:
        return {}
    page = [realm.shown(query.entity, row) for row in page]
    return {query.entity: page, "startPosition": query.start, "maxResults": len(page)}


def _matching(realm: Realm, query: Query) -> list[Body]:
    rows = list(realm.rows[query.entity].values())
    if query.entity in shapes.LISTS and not any(one.name == "Active" for one in query.where):
        rows = [row for row in rows if row["Active"]]
    for condition in query.where:
        rows = [row for row in rows if _holds(row, condition)]
    return rows


def _value(row: Body, name: str) -> object:
    value: object = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("value", value.get("Address"))
    return value


def _order_key(row: Body, name: str) -> tuple[bool, str | Decimal | datetime]:
    value = _value(row, name)
    if name.startswith("MetaData."):
        return True, datetime.fromisoformat(str(value))
    return (value is not None, value if isinstance(value, Decimal) else str(value or ""))


def _holds(row: Body, condition: Condition) -> bool:
    value = _value(row, condition.name)
    if value is None:
        return False
    if condition.operator == "LIKE":
        pattern = ".*".join(re.escape(part) for part in condition.values[0].split("%"))
        return re.fullmatch(pattern, str(value), re.IGNORECASE | re.DOTALL) is not None
    wanted = [_like(value, condition.name, text) for text in condition.values]
    own = datetime.fromisoformat(str(value)) if condition.name.startswith("MetaData.") else value
    own = own.lower() if isinstance(own, str) else own
    if condition.operator == "IN":
        return own in wanted
    return _COMPARE[condition.operator](own, wanted[0])


def _like(value: object, name: str, text: str) -> object:
    """The wanted value in the type of the row's own."""
    try:
        if name.startswith("MetaData."):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=shapes.PACIFIC)
        if isinstance(value, bool):
            return text.lower() == "true"
        return Decimal(text) if isinstance(value, Decimal) else text.lower()
    except (ValueError, InvalidOperation) as error:
        raise faults.query_error(f"Invalid value {text} for {name}") from error


class _Parser:
    def __init__(self, statement: str) -> None:
        self.tokens: list[str] = []
        place, text = 0, statement.strip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise faults.parse_error(f'Encountered "{text[place : place + 10]}" at line 1, column {place + 1}.')
            self.tokens.append(match[1])
            place = match.end()

    def query(self) -> Query:
        self._expect("SELECT")
        count = self._columns()
        self._expect("FROM")
        query = Query(self._entity(), count)
        while self.tokens:
            self._clause(query, self._next().upper())
        return query

    def _clause(self, query: Query, word: str) -> None:
        if word in ("WHERE", "AND"):
            query.where.append(self._condition(query.entity))
        elif word in ("ORDERBY", "ORDER"):
            if word == "ORDER":
                self._expect("BY")
            query.order = self._property(query.entity)
            if query.order == "Id":
                raise faults.query_error("Property Id is not sortable")
            query.descending = self._maybe("DESC")
            self._maybe("ASC")
        elif word == "STARTPOSITION":
            query.start = self._number(1, 10**9)
        elif word == "MAXRESULTS":
            query.most = self._number(1, 1000)
        else:
            raise faults.parse_error(f'Encountered "{word}".')

    def _columns(self) -> bool:
        word = self._next().upper()
        if word == "COUNT":
            for sign in "(*)":
                self._expect(sign)
            return True
        while self._maybe(","):
            self._next()
        return False

    def _entity(self) -> str:
        name = self._next()
        entity = next((one for one in shapes.QUERYABLE if one.lower() == name.lower()), None)
        if entity is None:
            raise faults.query_error(f"Invalid context declaration {name}")
        return entity

    def _condition(self, entity: str) -> Condition:
        name = self._property(entity)
        operator = self._next().upper()
        if operator == "IN":
            self._expect("(")
            values = [self._literal()]
            while self._maybe(","):
                values.append(self._literal())
            self._expect(")")
            return Condition(name, operator, tuple(values))
        if operator != "LIKE" and operator not in _COMPARE:
            raise faults.parse_error(f'Encountered "{operator}".')
        if name == "Id" and operator != "=":
            raise faults.query_error("Id takes only = and IN")
        return Condition(name, operator, (self._literal(),))

    def _property(self, entity: str) -> str:
        name = self._next()
        known = next((one for one in shapes.QUERYABLE[entity] if one.lower() == name.lower()), None)
        if known is None:
            raise faults.query_error(f"Property {name} not found for Entity {entity}")
        return known

    def _literal(self) -> str:
        token = self._next()
        if token.startswith("'"):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lower() in ("true", "false"):
            return token.lower()
        raise faults.parse_error(f'Encountered "{token}". Was expecting: a value in quotes')

    def _number(self, low: int, high: int) -> int:
        token = self._next()
        if not re.fullmatch(r"-?\d+", token):
            raise faults.parse_error(f'Encountered "{token}". Was expecting: a number')
        if int(token) < low:
            raise faults.query_error(f"value {token} is too small. Min allowed value is {low}")
        return min(int(token), high)

    def _next(self) -> str:
        if not self.tokens:
            raise faults.parse_error('Encountered "<EOF>".')
        return self.tokens.pop(0)

    def _maybe(self, word: str) -> bool:
        if self.tokens and self.tokens[0].upper() == word:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        token = self._next()
        if token.upper() != word:
            raise faults.parse_error(f'Encountered "{token}". Was expecting: {word}')
