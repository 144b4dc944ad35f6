"""How a conversation may go, by what the customer says: what to listen for, words to use, and how to end it.

Words for people of the company, complete over the reasons (a test says so). Nothing here is ever sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.cadence import Reason


@dataclass(frozen=True, slots=True)
class Guide:
    """`hear` is what it sounds like; `listen`, `say` and `close` are a sentence or two each."""

    title: str
    hear: str
    listen: str
    say: str
    close: str


FIRST = (
    "Ask whether the moment suits. If it does not, agree on another one.",
    "Ask an open question, then listen to the end before you answer.",
    "Say back in your own words what you heard. Most misunderstandings end there.",
    "Agree on one thing, with a day, and repeat it in one sentence.",
    "Note it here at once. What you note is what Dunlin keeps to.",
)

GUIDES: Mapping[Reason, Guide] = {
    Reason.IN_ORDER: Guide(
        "All is in order",
        "“Yes, it is on our list for the end of the month.”",
        "Is there a day on which they pay their invoices?",
        "“Good to hear. On which day does your next payment run leave?”",
        "If they name a day, note it as their day. If not, thank them and leave it there.",
    ),
    Reason.FORGOT: Guide(
        "It was forgotten",
        "“Oh! It went under. I am so sorry.”",
        "No explanation is owed. Do not ask for one.",
        "“That happens to everybody. Shall I send you the link once more?”",
        "Note it. Dunlin is quiet for a few days so that they can pay in peace.",
    ),
    Reason.COPY: Guide(
        "A copy or an order number is missing",
        "“We never got it.” “It cannot be paid without a PO number.”",
        "Where should it go, to whom, and what must stand on it?",
        "“I will see to it today. Whom may I address it to?”",
        "Send what they need first, then note it. The days they wait for it are not theirs.",
    ),
    Reason.WRONG_PERSON: Guide(
        "Somebody else looks after it",
        "“That is not me. You want our accounts department.”",
        "Who is it, and how do they like to be reached?",
        "“Thank you, that helps. Who is the right person, and may I say you sent me?”",
        "Note the name and the address, and mend them in the ledger, so that nobody writes to the wrong person again.",
    ),
    Reason.PAID_ALREADY: Guide(
        "It is paid already",
        "“We paid that weeks ago.”",
        "On which day, how, and with which reference? They are often right.",
        "“Thank you. So that I can find it here: when did it leave, and what stood on it?”",
        "Note what they told you and look for the money. Nobody asks again until you have looked.",
    ),
    Reason.DISPUTE: Guide(
        "Something is wrong with it",
        "“We are not paying for what did not arrive.”",
        "What happened, from their side, to the end. Do not defend anything yet.",
        "“I see. Let me repeat it, so that I pass it on rightly …”",
        "Note it in their words. The invoice rests until somebody has answered, and say who will.",
    ),
    Reason.SHORT_OF_CASH: Guide(
        "Money is short just now",
        "“We would like to, but this month is hard.”",
        "How is it, really? What is coming in, and when? It took courage to say so.",
        "“Thank you for telling me. What could you manage, and on which days, without it hurting?”",
        "Offer more time, or parts that fit. A small part that comes is better than a large one that does not.",
    ),
    Reason.WILL_PAY: Guide(
        "They will pay on a day",
        "“You will have it by Friday week.”",
        "Do they know the day, or do they wish to end the call?",
        "“Friday the 12th, then. Is there anything that could come between?”",
        "Note the day. Dunlin is silent until it has passed, and a few days more.",
    ),
    Reason.REFUSES: Guide(
        "They say they will not pay",
        "“I am not paying this. Do what you like.”",
        "Is there a complaint behind it, or trouble? Most refusals are one or the other.",
        "“I hear you. What would have to happen for this to be right for you?”",
        "Stay calm, name no consequences, and note their words. What follows is decided by a person, never by itself.",
    ),
}
