"""Which open invoices a line of a bank statement pays, as far as it can be told without guessing.

Pure: all undecided lines of a company are matched at once, in an order of their own, so that it does not matter in
which files or in which order they came. No invoice is given more than is open of it, no line more than it brought, no
payment of the ledger to two lines; where two answers would do, a person chooses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import combinations

from core.bank_facts import Finding, Line, Moved, Open, Part, Shown, State
from core.bank_words import figures, folded, is_payer, names, references, words_of
from core.money import Money

SHOWN_WITHIN, PAYOUT_WITHIN = timedelta(days=7), timedelta(days=5)
_MOST_COMBINED, _MOST_OPEN = 4, 14  # of a customer with more open invoices only single ones and their sum are tried
BEST = 3


@dataclass
class Books:
    """What lines can pay, and what is already spoken for. Matching takes away from it."""

    invoices: dict[int, Open]
    shown: dict[int, Shown] = field(default_factory=dict)
    payouts: dict[int, Moved] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A line asks only for what shares a figure or a word with it, however many invoices are open."""
        self._at: dict[str, set[int]] = defaultdict(set)
        self._named: dict[str, set[int]] = defaultdict(set)
        self._of: dict[int, set[int]] = defaultdict(set)
        for one in self.invoices.values():
            self._of[one.account].add(one.id)
            for word in words_of(one.name):
                self._named[word].add(one.id)
        for one in self.invoices.values():
            rarest = min(words_of(one.name), key=lambda word: (len(self._named[word]), word), default="")
            for key in {*figures(one.number)[-1:], rarest, folded(one.reference)}:
                self._at[key].add(one.id)

    def owed(self, line: Line) -> list[Open]:
        """The open invoices in the line's currency that its words may name: by the rarest word of a name, or where a
        payer's words are all part of one.
        """
        keys = {*figures(line.words), *words_of(line.words), *references(line.words)}
        payer = sorted((self._named.get(word, set()) for word in words_of(line.payer)), key=len)
        within = set.intersection(*payer) if payer else set()
        ids = sorted(within.union(*(self._at.get(key, ()) for key in keys)))
        return [one for one in map(self.invoices.__getitem__, ids) if self._is_open(one, line)]

    def owed_by(self, account: int, line: Line) -> list[Open]:
        ids = sorted(self._of[account])
        return [one for one in map(self.invoices.__getitem__, ids) if self._is_open(one, line)]

    @staticmethod
    def _is_open(one: Open, line: Line) -> bool:
        return one.balance.minor > 0 and one.balance.currency == line.amount.currency

    def take(self, finding: Finding) -> Finding:
        """Nobody else may have what this line pays; what a line that is seen paid is off the balance already."""
        if finding.state in (State.PROBABLE, State.MATCHED):
            for part in finding.parts:
                one = self.invoices.get(part.invoice)
                if one is not None:
                    left = Money(max(one.balance.minor - part.amount.minor, 0), one.balance.currency)
                    self.invoices[part.invoice] = replace(one, balance=left, discount=None)
        if finding.payout is not None:
            self.payouts.pop(finding.payout, None)
        return finding


def match(lines: Iterable[Line], books: Books) -> Mapping[str, Finding]:
    """What each line is, by its key. The surest answers are taken first, each over all lines."""
    waiting = sorted(lines, key=lambda one: (one.day, one.amount.currency, one.amount.minor, one.key))
    found: dict[str, Finding] = {}
    for ask in (_outgoing, _payout, _shown_by_words, _by_reference, _shown_by_payer, _named_otherwise, _by_payer):
        for line in waiting:
            answer = ask(line, books)
            if answer is not None:
                found[line.key] = books.take(answer)
        waiting = [one for one in waiting if one.key not in found]
    return found | {one.key: Finding(State.UNCLEAR, why="Nothing fits for certain.") for one in waiting}


def shows(line: Line, parts: Sequence[Part], books: Books) -> bool:
    """Whether the ledger shows a payment of each part by now; such payments are taken."""
    taken: list[int] = []
    for part in parts:
        fits = (
            one.id
            for one in _near(line, books, taken)
            if any(invoice == part.invoice and minor == part.amount.minor for invoice, minor in one.applied)
        )
        first = next(fits, None)
        if first is None:
            break
        taken.append(first)
    else:
        for id in taken:
            del books.shown[id]
        return bool(parts)
    return _whole_payment(line, parts, books)


def _whole_payment(line: Line, parts: Sequence[Part], books: Books) -> bool:
    """The same as one payment for all of them."""
    wanted = {part.invoice for part in parts}
    for one in _near(line, books):
        if one.amount == line.amount and wanted and wanted <= {invoice for invoice, _ in one.applied}:
            del books.shown[one.id]
            return True
    return False


def _near(line: Line, books: Books, but: Sequence[int] = ()) -> list[Shown]:
    near = (
        one
        for one in books.shown.values()
        if abs(one.day - line.day) <= SHOWN_WITHIN and one.amount.currency == line.amount.currency
    )
    return sorted((one for one in near if one.id not in but), key=lambda one: (abs(one.day - line.day), one.id))


def candidates(line: Line, books: Books) -> list[Part]:
    """The open invoices that it most likely pays, the likeliest first, for a person to choose from."""
    words, quoted = line.words, references(line.words)
    rated = []
    for one in _same_sum_or_words(line, books):
        why = [
            said
            for said, is_so in (
                ("its number is in the text", names(one.number, words)),
                ("the customer's reference is in the text", folded(one.reference) in quoted),
                ("the sum fits", line.amount in one.asks(line.day)),
                ("the payer's name fits", is_payer(one.name, line.payer, line.text)),
            )
            if is_so
        ]
        if why:
            part = Part(one.id, _of(one, line.amount), (", ".join(why) + ".").capitalize())
            rated.append((-len(why), one.number, one.id, part))
    return [part for _, _, _, part in sorted(rated, key=lambda row: row[:3])[:BEST]]


def _same_sum_or_words(line: Line, books: Books) -> list[Open]:
    if line.amount.minor <= 0:
        return []
    same = (one for one in books.invoices.values() if one.balance.currency == line.amount.currency)
    found = {one.id: one for one in same if one.balance.minor > 0 and line.amount in one.asks(line.day)}
    return list({**found, **{one.id: one for one in books.owed(line)}}.values())


def _of(one: Open, amount: Money) -> Money:
    """As much of the amount as is open."""
    return Money(min(one.balance.minor, amount.minor), amount.currency)


def _outgoing(line: Line, _books: Books) -> Finding | None:
    return Finding(State.SET_ASIDE, why="This money went out.") if line.amount.minor <= 0 else None


def _payout(line: Line, books: Books) -> Finding | None:
    fits = [
        one
        for one in books.payouts.values()
        if one.amount == line.amount
        and abs(one.day - line.day) <= PAYOUT_WITHIN
        and any(folded(name) in line.words for name in one.names)
    ]
    if len(fits) != 1:
        return None
    return Finding(State.PAYOUT, payout=fits[0].id, why="The sum and the name are those of a processor's payout.")


def _shown_by_words(line: Line, books: Books) -> Finding | None:
    """The ledger shows it, against invoices that the line names."""
    words, quoted = line.words, references(line.words)

    def named(one: Shown) -> bool:
        about = [books.invoices[id] for id, _ in one.applied if id in books.invoices]
        return any(names(it.number, words) or folded(it.reference) in quoted for it in about)

    return _seen(line, books, [one for one in _near(line, books) if named(one)])


def _shown_by_payer(line: Line, books: Books) -> Finding | None:
    return _seen(line, books, [one for one in _near(line, books) if is_payer(one.name, line.payer, line.text)])


def _seen(line: Line, books: Books, near: Sequence[Shown]) -> Finding | None:
    """One of these payments, or the one way in which several of one account, which a ledger may keep for each invoice,
    make up the sum.
    """
    fits: list[tuple[Shown, ...]] = [(one,) for one in near if one.amount == line.amount]
    if not fits and len(near) <= _MOST_OPEN:
        sizes = range(2, _MOST_COMBINED + 1)
        several = (some for size in sizes for some in combinations(near, size))
        fits = [some for some in several if _adds_up(some, line)]
    if len({tuple((one.account, one.applied) for one in some) for some in fits}) != 1:
        return None
    why = "The ledger shows this payment."
    parts, left = [], line.amount.minor
    for found in fits[0]:
        del books.shown[found.id]
        for id, minor in found.applied:
            if id in books.invoices and 0 < minor <= left:
                parts.append(Part(id, Money(minor, line.amount.currency), why))
                left -= minor
    return Finding(State.SEEN, tuple(parts), fits[0][0].account, why=why)


def _adds_up(some: Sequence[Shown], line: Line) -> bool:
    return len({one.account for one in some}) == 1 and sum(one.amount.minor for one in some) == line.amount.minor


def _named(line: Line, books: Books) -> list[Open]:
    """The open invoices whose number is in the text."""
    words = line.words
    return [one for one in books.owed(line) if names(one.number, words)]


def _by_reference(line: Line, books: Books) -> Finding | None:
    """The text names exactly what is paid, and the sum fits to the cent."""
    named = _named(line, books)
    if named and len({one.account for one in named}) == 1:
        return _fitting(State.MATCHED, line, named, "The number is in the text and the sum fits.")
    if named:
        return None
    quoted = _quoted(line, books)
    if not quoted or len({one.account for one in quoted}) != 1:
        return None
    return _among(State.MATCHED, line, quoted, "The customer's reference is in the text and the sum fits.")


def _quoted(line: Line, books: Books) -> list[Open]:
    said = references(line.words)
    return [one for one in books.owed(line) if folded(one.reference) in said]


def _fitting(state: State, line: Line, all_of: Sequence[Open], why: str) -> Finding | None:
    """These invoices together, each in full or without its discount; None where the sum is another one."""
    full = sum(one.balance.minor for one in all_of)
    if full == line.amount.minor:
        return _finding(state, all_of, [one.balance.minor for one in all_of], line, why)
    least = [min(sum_.minor for sum_ in one.asks(line.day)) for one in all_of]
    if sum(least) == line.amount.minor and all(minor > 0 for minor in least):
        return _finding(state, all_of, least, line, f"{why} The discount for paying early is taken off.")
    return None


def _finding(state: State, invoices: Sequence[Open], minors: Sequence[int], line: Line, why: str) -> Finding:
    parts = tuple(
        Part(one.id, Money(minor, line.amount.currency), why) for one, minor in zip(invoices, minors, strict=True)
    )
    return Finding(state, parts, invoices[0].account, why=why)


def _among(state: State, line: Line, owed: Sequence[Open], why: str) -> Finding | None:
    """The one way in which some of these make up the sum; a single invoice before several, all before some."""
    singles = [one for one in owed if line.amount in one.asks(line.day)]
    if singles:
        return _fitting(state, line, singles, why) if len(singles) == 1 else None
    whole = _fitting(state, line, owed, why) if len(owed) > 1 else None
    if whole is not None or len(owed) > _MOST_OPEN:
        return whole
    ways: list[Finding] = []
    for size in range(2, min(_MOST_COMBINED, len(owed) - 1) + 1):
        ways += filter(None, (_fitting(state, line, some, why) for some in combinations(owed, size)))
    return ways[0] if len(ways) == 1 else None


def _named_otherwise(line: Line, books: Books) -> Finding | None:
    """One invoice is named, or the reference of a customer who has only one, and the sum is another than is open."""
    one = _only(_named(line, books) or _quoted(line, books))
    if one is None:
        return None
    more = line.amount.minor > one.balance.minor
    why = f"It is named in the text, but the sum is {'more' if more else 'less'} than is open."
    return Finding(State.PROBABLE, (Part(one.id, _of(one, line.amount), why),), one.account, why=why)


def _only(found: Sequence[Open]) -> Open | None:
    return found[0] if len(found) == 1 else None


def _by_payer(line: Line, books: Books) -> Finding | None:
    """One customer's name fits, and so does the sum of one or of several of their invoices. Nothing else is named."""
    if _named(line, books) or _quoted(line, books):
        return None
    accounts = {one.account for one in books.owed(line) if is_payer(one.name, line.payer, line.text)}
    if len(accounts) != 1:
        return None
    return _among(State.PROBABLE, line, books.owed_by(accounts.pop(), line), "The payer's name and the sum fit.")
