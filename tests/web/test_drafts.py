"""The cadence editor in the console: the picture, each step's form and words, refusals at their field, two at once."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from models import AuditEvent, CadenceDraft, CadenceVersion, User
from tests.cadences import DEFAULT
from tests.web.drafting import Editor, begin, form, second
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.world import World
from workflows import cadence_text, cadences, drafts, library


@pytest.fixture
def editor(world: World, ann: FlaskClient) -> Editor:
    return begin(world, ann)


def words(page: str) -> str:
    text = re.sub(r"<[^>]+>", " ", page).replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")
    return re.sub(r" ([.,:])", r"\1", re.sub(r"\s+", " ", text))


def test_a_draft_is_begun_from_a_version_or_a_shipped_cadence_and_listed(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get("/library", **HTTPS).text)
    with world.rt.store.read() as session:
        version = session.get_one(CadenceVersion, world.bramley.cadence_version_id)
    for given in ({"version": version.uid}, {"shipped": "firm-but-fair"}):
        answer = ann.post("/drafts", data={"csrf_token": token, **given}, **HTTPS)
        assert answer.status_code == 303
        assert ann.get(answer.headers["Location"], **HTTPS).status_code == 200
    with world.rt.store.read() as session:
        _, first, other = session.scalars(select(CadenceDraft).order_by(CadenceDraft.id))
    assert (first.source, first.based_on_id, first.company_id) == (DEFAULT, version.id, world.bramley.id)
    assert (other.name, other.based_on_id, other.state) == ("firm-but-fair", None, "draft")
    page = words(ann.get("/library", **HTTPS).text)
    assert "Draft of default being written Last changed by Ann Harbour" in page
    ann.post("/drafts", data={"csrf_token": token, "shipped": "nothing"}, **HTTPS)
    assert "Please choose a version of the library" in ann.get("/library", **HTTPS).text


def test_the_page_draws_the_steps_and_says_them_in_words_with_a_lane_for_each_kind_of_day(editor: Editor) -> None:
    page = editor.see()
    svg = page.split('<svg class="lanes"', 1)[1].split("</svg>", 1)[0]
    assert 'aria-hidden="true"' in svg
    assert "late-8, 8 days after the due date, kind" in svg
    for lane in ("the delivery", "the due date", "the promised day", "the day of a part", "the end of a dispute"):
        assert f"Counted from {lane}" in svg
        assert f"Counted from {lane}" in words(page.replace(svg, ""))
    x = {name: float(x) for name, x in re.findall(r'<title>([\w-]+),[^<]*</title><path[^>]*d="M([\d.]+)', svg)}
    assert x["heads-up"] < x["due-today"] < x["late-3"] < x["late-8"], "before to the left, after to the right"
    day = (x["late-3"] - x["due-today"]) / 3
    assert x["call-31"] - x["late-24"] == pytest.approx(7 * day, abs=0.2), "every gap is as long as it is"


def test_the_form_of_a_step_sent_as_it_stands_changes_nothing(editor: Editor) -> None:
    before = editor.row
    for step in cadence_text.steps(before.source):
        editor.done("step", step["name"])
    editor.done("whole")
    assert (editor.row.source, editor.row.revision) == (before.source, 1)


def test_one_field_of_a_step_is_one_line_of_the_text_and_told_as_a_difference(editor: Editor) -> None:
    page = editor.done("step", "late-8", offset="9")
    assert editor.row.source == cadences.shipped_library()["firm-but-fair"].replace("offset = 8\n", "offset = 9\n")
    assert "Late-8 now comes after 9 days instead of 8." in words(page)
    assert "From the shipped one" in page
    assert re.search(r'<details class="fold step-card" id="step-5" open>', page), "the step stays open"
    page = editor.done("move", "late-8", to="earlier")
    assert "Nothing yet." in words(page)
    assert editor.row.revision == 3


def test_every_field_of_a_step_has_its_place(editor: Editor) -> None:
    given = {"anchor": "due", "offset": "5", "days": "working", "channel": "letter", "tone": "kind", "approve": "on"}
    given |= {
        "template": "late-12",
        "escalated": "on",
        "signed_by": "Ada Lark",
        "attach": "invoice",
        "cc": "a@b.example",
    }
    given |= {
        "cc": "a@b.example",
        "to": "account, c@d.example",
        "amount_at_least": "99.50",
        "open_at_most": "7",
        "segments": "key, rare",
    }
    given |= {"payers": "slow", "reasons": "forgot", "currencies": "eur"}
    editor.done("step", "late-8", **given)
    assert cadence_text.named(editor.row.source, "late-8") == {
        "name": "late-8",
        "offset": 5,
        "days": "working",
        "channel": "letter",
        "tone": "kind",
        "approve": True,
        "template": "late-12",
        "escalated": True,
        "signed_by": "Ada Lark",
        "attach": ["invoice"],
        "to": ["account", "c@d.example"],
        "cc": ["a@b.example"],
        "when": {
            "segments": ["key", "rare"],
            "payers": ["slow"],
            "currencies": ["EUR"],
            "reasons": ["forgot"],
            "open_at_most": 7,
            "amount_at_least": 99.5,
        },
    }


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "Late 8", "must be small letters, digits and dashes"),
        ("name", "", "Please give the step a name"),
        ("name", "late-15", "Two steps have the same name"),
        ("offset", "a week", "Please give whole days, such as 7"),
        ("offset", "200", "must be a whole number from -60 to 180"),
        ("offset", "15", "steps stand in order of days"),
        ("days", "sundays", "are 'calendar' or 'working'"),
        ("anchor", "birthday", "must be one of: issued, due"),
        ("channel", "pigeon", "must be one of: email"),
        ("tone", "rude", "must be one of: friendly"),
        ("tone", "firm", "is softer than 'late-8'"),
        ("template", "nowhere", "names the template 'nowhere', which there is not"),
        ("amount_at_least", "12,50", "Please give the sum in figures with a point"),
        ("amount_at_least", "0", "must be an amount above zero"),
        ("open_at_least", "few", "Please give a whole number, such as 2"),
        ("currencies", "euro", "three capital letters"),
        ("to", "nobody", "is neither an e-mail address nor one of"),
        ("cc", "nobody", "is not an e-mail address"),
        ("attach", "cake", "The step can attach: invoice, statement, terms"),
    ],
)
def test_a_wrong_value_is_one_sentence_at_its_field_and_nothing_typed_is_lost(
    editor: Editor, field: str, value: str, said: str
) -> None:
    answer = editor.press("step", "late-8", **{"signed_by": "Ada Lark", "renamed": "on", field: value})
    assert answer.status_code == 422
    at = answer.text.split(f'id="s5-{field}-help">', 1)[1].split("</p>", 1)[0]
    assert said in at.replace("&#39;", "'")
    again = form(answer.text, "/step", "late-8")
    assert again["signed_by"] == ["Ada Lark"]
    if field not in ("days", "anchor", "channel", "tone", "attach"):  # of these only what there is can be chosen
        assert again[field] == [value]
    assert editor.row.revision == 1


def test_several_wrong_values_each_have_their_sentence(editor: Editor) -> None:
    answer = editor.press("step", "late-8", offset="200", cc="nobody", tone="rude")
    assert answer.text.count('class="help fault"') == 3


def test_another_name_counts_as_a_new_step_and_must_be_meant(editor: Editor) -> None:
    answer = editor.press("step", "late-8", name="late-9")
    assert answer.status_code == 422
    assert "counts as a new step: who heard late-8 could hear it once more" in answer.text
    assert "late-9" not in editor.row.source
    editor.done("step", "late-8", name="late-9", renamed="on")
    assert cadence_text.named(editor.row.source, "late-9")["template"] == "late-12", "its words stay"


def test_a_step_is_added_where_its_day_is_and_taken_out_again(editor: Editor) -> None:
    before = editor.row.source
    page = editor.done("step", "", name="late-12", offset="12", tone="kind", template="late-12")
    assert "A step is new: late-12, 12 days after the due day, kind, by email." in words(page)
    names = [one["name"] for one in cadence_text.steps(editor.row.source)]
    assert names[names.index("late-8") + 1] == "late-12"
    page = editor.done("away", "late-12")
    assert "late-12 is gone from this draft." in page
    assert editor.row.source == before


def test_a_new_step_that_is_refused_stays_in_its_form(editor: Editor) -> None:
    answer = editor.press("step", "", name="extra", offset="12", tone="kind", template="late-12", cc="nobody")
    assert answer.status_code == 422
    assert "is not an e-mail address" in answer.text
    assert form(answer.text, "/step", "")["name"] == ["extra"]


def test_lent_steps_are_made_its_own_before_they_are_changed(editor: Editor) -> None:
    page = editor.see()
    with pytest.raises(AssertionError):
        form(page, "/step", "promise-passed")
    fields = form(page, "/own") | {"anchor": ["promise"]}
    assert editor.send("own", fields).status_code == 303
    assert "Nothing yet." in words(editor.see()), "they say what they said"
    editor.done("step", "promise-passed", offset="2")
    assert cadence_text.named(editor.row.source, "promise-passed")["offset"] == 2
    assert "are its own already" in editor.send("own", fields | {"revision": ["3"]}).text


def test_the_limits_of_the_cadence_are_changed_and_a_wrong_one_is_said_at_its_field(editor: Editor) -> None:
    page = editor.done("whole", grace_days="7", week_limit="1", approve_all="on", title="Ours")
    assert "A promise counts as broken 7 days after its day instead of 5." in words(page)
    read = library.readable(editor.row.source)
    assert (read.week_limit, read.approve_all, read.gap_hours, read.title) == (1, True, 48, "Ours")
    assert "gap_hours" not in editor.row.source, "what goes without saying is not written"
    answer = editor.press("whole", gap_hours="3", month_limit="lots", title="Mine")
    assert answer.status_code == 422
    assert "Please give a whole number from 24 to 720." in answer.text.split('id="w-gap_hours-help">')[1][:80]
    again = form(answer.text, "/whole")
    assert (again["gap_hours"], again["title"]) == (["3"], ["Mine"])


def test_the_same_draft_is_changed_as_text(editor: Editor) -> None:
    text = editor.row.source.replace("offset = 8\n", "offset = 9  # the second Monday\n")
    editor.done("text", text=text.replace("\n", "\r\n"))
    assert editor.row.source == text
    editor.done("step", "late-8", tone="kind", offset="10")
    assert "offset = 10 # the second Monday" in re.sub(r" +#", " #", editor.row.source)
    answer = editor.press("text", text="title = ")
    assert answer.status_code == 422
    assert "is not valid TOML" in answer.text
    assert form(answer.text, "/text")["text"] == ["title = "]


def test_who_saves_over_what_somebody_else_just_wrote_is_refused_and_loses_nothing(
    editor: Editor, world: World
) -> None:
    second(world)
    cem = Editor(world, sign_in(client_of(world.rt), "cem@example.com"), editor.uid)
    mine = form(editor.see(), "/step", "late-8") | {"offset": ["10"]}
    cem.done("step", "late-15", offset="16")
    answer = editor.send("step", mine)
    assert answer.status_code == 422
    assert "Somebody else changed this draft meanwhile." in answer.text
    assert form(answer.text, "/step", "late-8")["offset"] == ["10"]
    assert form(answer.text, "/step", "late-15")["offset"] == ["16"]
    assert cadence_text.named(editor.row.source, "late-8")["offset"] == 8
    assert editor.send("step", form(answer.text, "/step", "late-8")).status_code == 303
    made_by = editor.row.made_by
    with world.rt.store.read() as session:
        writer = session.scalars(select(User.name).where(User.id == made_by)).one()
    assert (cadence_text.named(editor.row.source, "late-8")["offset"], writer) == (10, "Ann Harbour")


def test_the_words_are_read_with_a_customers_eyes_in_a_chosen_language(editor: Editor, world: World) -> None:
    page = words(editor.see())
    assert "As Alder & Ash Kitchens would have read it on 4 Nov 2026." in page
    assert "invoice 1042 for £1,840.50 is due today" in page
    assert "The kindness check found nothing in these words." in page
    german = words(editor.see(language="de"))
    assert "invoice 1042 for £1,840.50 is due today" not in german
    assert "1.840,50" in german
    assert 'class="step-words" lang="de"' in editor.see(language="de")
    call = editor.see(language="de").split('lang="en"', 2)[2].split("</details>", 1)[0]
    assert "Nobody has written these words in that language, so they are said in English." in words(call)
    other = next(one for name, one in world.accounts.items() if name == "Kestrel Homes")
    assert "As Kestrel Homes would have read it" in words(editor.see(account=other.uid))
    foreign = world.accounts["Foreign Customer"]
    assert "Foreign Customer" not in editor.see(account=foreign.uid), "only of the company it is tried on"


def test_nothing_of_the_customers_own_link_is_in_the_words(editor: Editor) -> None:
    assert "/p/" not in editor.see()


def test_it_is_tried_on_the_past_by_a_button_and_says_what_would_have_been_sent(editor: Editor) -> None:
    assert "Messages and tasks" not in editor.see()
    page = words(editor.see(tried="1"))
    assert "This is what would have been sent, not what would have been paid." in page
    assert "Firm but fair" in page.split("In short", 1)[1]
    assert "Early and gentle" in page.split("In short", 1)[1], "beside what the company has now"


def test_the_company_it_is_tried_on_is_one_of_ours(editor: Editor, world: World) -> None:
    editor.done("company", company=world.kauri.uid)
    assert editor.row.company_id == world.kauri.id
    assert editor.press("company", company=world.foreign.uid).status_code == 404
    assert editor.row.company_id == world.kauri.id


def test_where_nobody_owes_anything_there_is_nobody_to_read_it(editor: Editor, world: World) -> None:
    page = words(editor.done("company", company=world.tide.uid))
    assert "Nobody owes Tidewater Studio anything just now, so there is nobody to read it." in page
    assert "would have read it" not in page


def test_a_viewer_and_a_clerk_read_it_and_change_nothing(editor: Editor, world: World) -> None:
    second(world, role="viewer")
    for role in ("viewer", "clerk"):
        with world.rt.store.write() as session:
            session.execute(update(User).where(User.email == "cem@example.com").values(role=role))
        cem = Editor(world, sign_in(client_of(world.rt), "cem@example.com"), editor.uid)
        page = cem.see()
        assert "is due today" in page
        assert f'action="/drafts/{editor.uid}' not in page.replace('method="get" action', "")
        sent = {"csrf_token": [token_in(page)], "revision": ["1"], "step": ["late-8"], "to": ["later"]}
        assert cem.send("move", sent).status_code == 403
    assert editor.row.revision == 1


def test_what_happened_to_a_draft_stands_in_the_log(editor: Editor, world: World) -> None:
    editor.done("move", "late-8", to="later")
    editor.done("drop")
    with world.rt.store.read() as session:
        kinds = session.scalars(select(AuditEvent.kind).where(AuditEvent.subject == editor.uid)).all()
    assert list(kinds) == ["draft-begun", "draft-changed", "draft-dropped"]
    assert "It was put away" in editor.see()
    assert "Draft of firm-but-fair" not in editor.client.get("/library", **HTTPS).text


def test_a_draft_that_this_version_cannot_read_any_more_is_shown_as_text(editor: Editor, world: World) -> None:
    with world.rt.store.write() as session:
        session.execute(update(CadenceDraft).values(source="name = 'old'\ncolour = 'red'\n"))
    page = editor.see()
    assert "Unknown field" in page
    assert form(page, "/text")["text"] == ["name = 'old'\ncolour = 'red'\n"]
    assert drafts.OPEN[0] == editor.row.state
