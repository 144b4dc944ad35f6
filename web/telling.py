"""What you are told: everybody chooses for themselves, by topic, to hear at once, in the morning or not.

It parses, asks one workflow, and goes back to the page.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import User
from web.auth import person
from web.guards import runtime
from workflows import told
from workflows.errors import Refusal
from workflows.told import Topic, When

pages = Blueprint("telling", __name__)

TOPICS = {
    Topic.CONNECTION: ("Connections", "A ledger lets us in no more, could not be read, or ends its permission soon."),
    Topic.MONEY: ("Money", "Processor, Dunlin and ledger do not agree, or something could not be worked out."),
    Topic.SENDING: ("Sending", "A mailbox does not let us in, or a company is silent until somebody mends something."),
    Topic.ANSWERS: ("Answers", "A customer promised, asked for time, or says that something is wrong."),
    Topic.MORNING: (
        "What leaves today",
        "Before the sending hours: which messages leave, and what waits for approval.",
    ),
}
WHEN = {When.AT_ONCE: "At once", When.DAILY: "In the morning", When.NOT: "Not"}


@pages.get("/what-you-are-told")
def show() -> str:
    with runtime().store.read() as session:
        user = session.get_one(User, person().id)
    rows = [(topic.value, *words, told.choices_of(topic), told.choice(user, topic)) for topic, words in TOPICS.items()]
    return render_template("console/telling.html", rows=rows, when=WHEN)


@pages.post("/what-you-are-told")
def choose() -> ResponseReturnValue:
    try:
        told.choose(runtime(), person().id, {topic: _chosen(topic) for topic in TOPICS if topic in request.form})
    except Refusal as refusal:
        flash(str(refusal), "warn")
    else:
        flash("Saved.", "good")
    return redirect(url_for("telling.show"), 303)


def _chosen(topic: Topic) -> When:
    given = request.form[topic]
    if given not in set(When):
        raise Refusal("Please choose one of the times on the page.")
    return When(given)
