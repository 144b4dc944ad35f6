"""The console's companies: the list, one company's overview, its settings, its cadence and its preview."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.calendars import Calendar
from models import CadenceVersion, Company, Connection
from web import cadence_words, frame, library_queries, lists, own, presenters, queries, today, waiting_queries
from web.auth import person, reach
from web.guards import runtime
from web.roles import may
from workflows import assigning, cadences, companies, connecting, door, preview, sync, ties
from workflows.calendars import calendar_of, today_of, zones
from workflows.errors import Refusal

pages = Blueprint("companies", __name__)
_MOST_SHOWN = 500  # rows of a preview: a page of many thousands could not be read anyway
_AT_ONCE = 500  # accounts of a preview: each is thought through day by day, and a page is to come within a second


@dataclass(frozen=True, slots=True)
class Card:
    """One company in the list."""

    company: Company
    connection: Connection | None
    state: presenters.State
    owed: queries.Owed
    waiting: int


@pages.get("/")
def home() -> str:
    """What everybody sees first: today."""
    return render_template("console/today.html", **today.page_values())


@pages.get("/companies")
def index() -> str:
    rt = runtime()
    now = rt.clock.now()
    with rt.store.read() as session:
        waits = waiting_queries.by_company(frame.counts(session))
        every = queries.companies(session, reach())
        ties_of = queries.newest_connections(session, every)
        owed = queries.owed_by_company(session, {one.id: today_of(one, now) for one in every})
        versions = library_queries.versions(session, person().practice_id)
    cards = []
    for company in every:
        connection = ties_of.get(company.id)
        state = presenters.company_state(company, connection)
        cards.append(Card(company, connection, state, owed[company.id], waits[company.id]))
    return render_template(
        "console/companies.html",
        cards=cards,
        versions=versions,
        desk_size=waits.total(),
        kinds=sorted(rt.ledgers),
        missing=current_app.config["DUNLIN_MISSING"],
        reading=any(card.state.word == "Reading" for card in cards),
    )


def _back(company: Company, sentence: str = "", mood: str = "good") -> ResponseReturnValue:
    if sentence:
        flash(sentence, mood)
    return redirect(url_for("companies.overview", uid=company.uid), 303)


@pages.get("/companies/<uid>")
def overview(uid: str) -> str:
    rt, company = runtime(), own.company(uid)
    search, everyone = request.args.get("q", "").strip()[:100], request.args.get("show") == "all"
    door.look_around(rt, company.id)
    with rt.store.read() as session:
        connection = ties.newest(session, company.id)
        today = today_of(company, rt.clock.now())
        owed = queries.owed_by_company(session, {company.id: today})[company.id]
        rows = lists.account_rows(session, company, search, everyone, lists.page_number(request.args), today)
        waits = waiting_queries.by_company(frame.counts(session))
        not_ready = companies.not_ready(rt, session, company) if company.live_at is None else []
        cadence = cadences.cadence_of(session, company)
        colleagues = assigning.colleagues(session, company)
        versions = library_queries.versions(session, company.practice_id)
    return render_template(
        "console/company.html",
        colleagues=colleagues,
        versions=versions,
        company=company,
        connection=connection,
        state=presenters.company_state(company, connection),
        owed=owed,
        rows=rows,
        waiting=waits[company.id],
        not_ready=not_ready,
        cadence=cadence,
        search=search,
        everyone=everyone,
        reading=presenters.is_reading(company, connection, rt.clock.now()),
    )


@pages.get("/companies/<uid>/settings")
def settings(uid: str) -> str:
    company = own.company(uid)
    accounts, no_accounts = companies.listed(companies.deposit_accounts, runtime(), company.id)
    incomes, no_incomes = companies.listed(companies.income_choices, runtime(), company.id)
    return render_template(
        "console/settings.html",
        company=company,
        zones=zones(),
        accounts=accounts,
        no_accounts=no_accounts,
        incomes=incomes,
        no_incomes=no_incomes,
    )


@pages.post("/companies/<uid>/settings")
def change_settings(uid: str) -> ResponseReturnValue:
    """Only what the form names is changed."""
    company = own.company(uid)
    names = ("zone", "deposit_account", "email", "income_choice")
    wanted = {name: request.form.get(name, getattr(company, name) or "").strip() for name in names}
    try:
        waits = companies.change_settings(runtime(), company.id, **wanted, user_id=person().id)
    except Refusal as refusal:
        flash(str(refusal), "warn")
        return redirect(url_for("companies.settings", uid=uid), 303)
    later = " Replies go to the new address in 24 hours; all owners are told, and each of them can stop it."
    return _back(company, "Saved." + (later if waits else ""))


@pages.post("/companies/<uid>/sync")
def read_now(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    sync.request(runtime(), company.id)
    return _back(company, "We will read the ledger in a moment.")


def _is_on() -> bool:
    """The `value` of an on/off form; anything else is no order at all."""
    value = request.form.get("value")
    if value not in ("on", "off"):
        raise Refusal("Please use the button on the page.")
    return value == "on"


@pages.post("/companies/<uid>/live")
def live(uid: str) -> ResponseReturnValue:
    rt, company = runtime(), own.company(uid)
    try:
        on = _is_on()
        if on:
            with rt.store.read() as session:
                missing = companies.not_ready(rt, session, company)
            if missing:
                for sentence in missing[1:]:
                    flash(sentence, "warn")
                return _back(company, missing[0], "warn")
        companies.set_live(rt, company.id, on)
    except Refusal as refusal:
        return _back(company, str(refusal), "warn")
    return _back(company, f"{company.name} is live." if on else f"{company.name} is switched off. Nothing is sent.")


@pages.post("/companies/<uid>/pause")
def pause(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    try:
        on = _is_on()
        if not on and not may("stop.resume_company"):
            raise Refusal("Please ask an accountant to let sending go on.")
        companies.set_paused(runtime(), company.id, on)
    except Refusal as refusal:
        return _back(company, str(refusal), "warn")
    return _back(company, "Paused. Nothing is sent until you resume." if on else "Messages go out again.")


@pages.post("/companies/<uid>/disconnect")
def disconnect(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    try:
        left = connecting.disconnect(runtime(), company.id)
    except Refusal as refusal:
        return _back(company, str(refusal), "warn")
    done = f"{company.name} is disconnected. Nothing is read or sent any more."
    return _back(company, f"{done} {left}".strip(), "warn" if left else "good")


@pages.get("/companies/<uid>/cadence")
def cadence(uid: str) -> str:
    rt, company = runtime(), own.company(uid)
    with rt.store.read() as session:
        version = session.get_one(CadenceVersion, company.cadence_version_id)
    found = cadences.of_version(version)
    calendar: Calendar = calendar_of(company, rt.clock.now())
    return render_template(
        "console/cadence.html",
        company=company,
        cadence=found,
        version=version,
        rules=cadence_words.cadence_rules(found, calendar),
    )


@pages.get("/companies/<uid>/preview")
def show_preview(uid: str) -> str:
    company = own.company(uid)
    days = request.args.get("days", 30, type=int)
    days, page = min(max(days, 1), 90), lists.page_number(request.args)
    door.look_around(runtime(), company.id)
    asked = slice((page - 1) * _AT_ONCE, page * _AT_ONCE)
    found = preview.preview(runtime(), company.id, days, asked)
    shown = found.messages[:_MOST_SHOWN]
    return render_template(
        "console/preview.html",
        company=company,
        days=days,
        chart=lists.day_chart(found.messages, company, days, runtime().clock.now()),
        sent=lists.by_day(shown, company),
        more_sent=len(found.messages) - len(shown),
        count_sent=len(found.messages),
        count_asked=sum(one.asks for one in found.messages),
        silences=lists.by_cause(found.silences),
        most=_MOST_SHOWN,
        count_silent=len(found.silences),
        page=page,
        last=lists.last_page(found.accounts, _AT_ONCE),
        first_account=asked.start + 1,
        last_account=min(asked.stop, found.accounts),
        count_accounts=found.accounts,
    )
