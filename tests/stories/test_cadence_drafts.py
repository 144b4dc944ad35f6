"""Stories of a cadence that is changed: what is written, proved, approved and kept says nothing to anybody.

Only a roll-out does, and it can be taken back.
"""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from models import CadenceDraft, CadenceVersion, User
from models.store import Store
from tests.databases import store  # noqa: F401  (a fixture)
from tests.stories.days import BOTH, diary, town_of
from tests.town import Town
from workflows import cadence_text, draft_fields, drafts, library
from workflows.errors import Overtaken

MON, TUE, WED, THU, FRI = (date(2026, 3, day) for day in (2, 3, 4, 5, 6))


def accountant(town: Town) -> int:
    with town.rt.store.write() as session:
        user = User(uid=town.new_id(), practice_id=town.practice_id, email="a@b.example", name="Ada", role="owner")
        user.password_hash, user.created_at = "-", town.now
        session.add(user)
        session.flush()
        return user.id


def kept_a_day_later(town: Town, kind: str) -> tuple[CadenceVersion, int]:
    """The first follow-up moves from the 4th day to the 6th, all the way to a version; and who did it."""
    who = accountant(town)
    company = town.company(kind)
    draft = drafts.begin(town.rt, town.practice_id, who, company.id, shipped="default")
    step = cadence_text.named(draft.source, "late-4") | {"offset": 6}
    drafts.save(town.rt, draft, 1, cadence_text.with_step(draft.source, "late-4", step, draft_fields.standing), who)
    for deed in (
        lambda one: drafts.prove(town.rt, one, 2, company, who),
        lambda one: drafts.approve(town.rt, one, 2, who, sure=True),
        lambda one: drafts.keep(town.rt, one, 2, who),
    ):
        with town.rt.store.read() as session:
            session.add(draft)
            session.refresh(draft)
        deed(draft)
    with town.rt.store.read() as session:
        return session.scalars(select(CadenceVersion).order_by(CadenceVersion.id.desc())).first(), who  # type: ignore[return-value]


@pytest.mark.slow
@BOTH
def test_what_is_kept_is_not_sent_before_it_is_rolled_out(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", date(2026, 2, 25)), ("B-1", "moss", date(2026, 2, 27))) as town:
        version, who = kept_a_day_later(town, kind)
        assert diary(town, "A-1", MON, MON) == ["02 Mar: LATE-4"], "as it was: five days late"
        library.roll_out(town.rt, version.uid, town.practice_id, [town.company(kind).id], who)
        assert diary(town, "B-1", TUE, FRI) == ["03 Mar to 04 Mar: not-yet", "05 Mar: LATE-4", "06 Mar: not-yet"]


@pytest.mark.slow
def test_a_roll_out_taken_back_is_as_if_it_had_never_been(store: Store) -> None:  # noqa: F811
    town = Town()
    town.customer("xero", "moss")
    town.open("xero", "B-1", "moss", date(2026, 2, 27))
    town.begin(store=store, kinds=["xero"])
    version, who = kept_a_day_later(town, "xero")
    made, _ = library.roll_out(town.rt, version.uid, town.practice_id, [town.company("xero").id], who)
    assert diary(town, "B-1", MON, TUE) == ["02 Mar to 03 Mar: not-yet"]
    library.roll_back(town.rt, made.uid, town.practice_id, who)
    assert diary(town, "B-1", WED, WED) == ["04 Mar: LATE-4"]
    with town.rt.store.read() as session:
        (draft,) = session.scalars(select(CadenceDraft))
    with pytest.raises(Overtaken, match="This draft is closed"):
        drafts.save(town.rt, draft, draft.revision, draft.source + "\n# more\n", who)
