"""The fields that a practice's own wording may name, each with a plain description and an example.

One table: the check reads it, docs/messages.md shows it. It holds no facts and prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT, NUMBER, TRUTH = "text", "number", "yes or no"


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is text, number, yes or no, the name of a group in GROUPS, or "list of" such a name."""

    name: str
    kind: str
    says: str
    example: str


FIELDS = (
    Field("company", TEXT, "the company that writes", "Harbour Joinery Ltd"),
    Field("customer", TEXT, "the customer's name", "Lighthouse Inc"),
    Field("contact", TEXT, "the person who reads it, or nothing", "Ann"),
    Field("signed", TEXT, "who signs for the company, or nothing", "Mary Jones"),
    Field("count", NUMBER, "how many invoices the message lists", "3"),
    Field("open", NUMBER, "how many of them are open", "3"),
    Field("late", NUMBER, "how many are past their due day", "2"),
    Field("cusp", NUMBER, "how many are due today", "0"),
    Field("coming", NUMBER, "how many are due later", "1"),
    Field("arranged", NUMBER, "how many belong to an arrangement", "0"),
    Field("first", "invoice", "the first invoice of the list", "first.number"),
    Field("rows", "list of invoice", "all invoices of the list", "rows[0].number"),
    Field("lead", "list of invoice", "those which the step is about", "lead | length"),
    Field("sums", "list of sum", "what is open, by currency", "sums[0].open"),
    Field("instalment", "part", "the next part of an arrangement, or nothing", "instalment.amount"),
    Field("answer", "answer", "what a person decided, or nothing", "answer.words"),
    Field("chosen", TEXT, "the day the customer had named, or nothing", "3 March"),
    Field("resolved", TEXT, "the day on which a dispute ended, or nothing", "3 March"),
    Field("today", TEXT, "the day of the message", "3 March"),
    Field("credits", TEXT, "open credit, or nothing", "£25"),
    Field("paid", TEXT, "what has just been received, or nothing", "£40"),
    Field("payments", NUMBER, "in how many currencies it was received", "1"),
    Field("steady", TRUTH, "whether they pay reliably", "yes"),
    Field("tone", TEXT, "a softer tone than the step's own, or nothing", "friendly"),
    Field("words", "words", "shipped phrases of the language", "words.about"),
)

GROUPS = {
    "invoice": (
        Field("number", TEXT, "its number, or “of 3 March” where it has none", "A-17"),
        Field("unnumbered", TRUTH, "whether it has no number", "no"),
        Field("issued", TEXT, "the day it was written", "1 February"),
        Field("amount", TEXT, "what is open of it", "£60"),
        Field("total", TEXT, "its whole amount", "£100"),
        Field("settled", TEXT, "what is no longer open, or nothing", "£40"),
        Field("part_paid", TRUTH, "whether a part is settled", "yes"),
        Field("kind", TEXT, "late, today, coming, undated, arranged, paid or left", "late"),
        Field("state", TEXT, "how it stands, in a few words", "due today"),
        Field("says", TEXT, "how it stands, as the end of a sentence", "was due on 3 March"),
        Field("worth", TEXT, "its amount in a sentence", "for £60"),
        Field("offer", "offer", "a discount that counts today, or nothing", "row.offer.less"),
        Field("late", "late", "what came on top for late payment, or nothing", "row.late.amount"),
    ),
    "offer": (
        Field("settles", TEXT, "what is enough to settle it", "£98"),
        Field("less", TEXT, "how much less that is", "£2"),
        Field("until", TEXT, "the last day of the offer", "12 March"),
    ),
    "late": (
        Field("amount", TEXT, "what came on top", "£42.10"),
        Field("until", TEXT, "the day until which it is left out", "12 March"),
    ),
    "part": (
        Field("amount", TEXT, "the amount of the part", "£50"),
        Field("day", TEXT, "its day", "5 March"),
        Field("kind", TEXT, "late, today or coming", "coming"),
        Field("says", TEXT, "how it stands, as the end of a sentence", "is due on 5 March"),
    ),
    "answer": (
        Field("about", TEXT, "the invoices' numbers, or nothing", "A-17 and A-18"),
        Field("one", TRUTH, "whether it is about one invoice", "yes"),
        Field("words", TEXT, "what the person wrote, or nothing", "We looked at it together."),
        Field("day", TEXT, "the day agreed on or asked for, or nothing", "20 March"),
        Field("parts", "list of part", "the parts of an arrangement", "answer.parts[0].day"),
    ),
    "sum": (
        Field("open", TEXT, "what is open in one currency", "£160"),
        Field("late", TEXT, "how much of it is late, or nothing", "£100"),
    ),
    "words": (
        Field("about", TEXT, "what the message is about", "the 3 invoices below"),
        Field("settled", TEXT, "thanks for what is settled, or nothing", "Thank you for the £40 already settled."),
        Field("overview", TEXT, "how the list stands", "The 2 invoices below are past their due day."),
    ),
}


def kind_of(name: str, group: str = "") -> str:
    """The kind of a field, on its own or within a group; KeyError where there is none."""
    return {one.name: one.kind for one in (GROUPS[group] if group else FIELDS)}[name]
