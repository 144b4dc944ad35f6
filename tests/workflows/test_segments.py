"""Segments: a person puts a customer into one, and what the cadence says there counts from then on."""

from __future__ import annotations

import pytest

from core.inheritance import Level
from tests.workflows.office import Office
from workflows import gather, library, segments
from workflows.errors import Refusal


def gap_of(office: Office) -> int:
    with office.rt.store.read() as session:
        return gather.account(office.rt, session, office.account_id, office.clock.now()).cadence.gap_hours


def change(office: Office, level: Level, fields: dict[str, object], **scope: object) -> None:
    library.change(office.rt, office.company.practice_id, level, fields, company_id=office.company.id, **scope)  # type: ignore[arg-type]


def test_who_is_put_into_a_segment_hears_its_cadence_and_is_planned_anew(office: Office) -> None:
    usual = gap_of(office)
    change(office, Level.SEGMENT, {"gap_hours": 96}, segment="key-accounts")
    office.change(office.account("c-1"), wake_at=None)
    version = office.account("c-1").facts_version
    segments.assign(office.rt, office.account_id, "key-accounts", 1)
    assert gap_of(office) == 96
    assert office.account("c-1").facts_version > version
    assert office.account("c-1").wake_at == office.clock.now()
    segments.assign(office.rt, office.account_id, "", 1)
    assert gap_of(office) == usual != 96


def test_the_segments_there_are_come_from_customers_and_from_changes(office: Office) -> None:
    segments.assign(office.rt, office.account_id, "schools", 1)
    change(office, Level.SEGMENT, {"gap_hours": 96}, segment="key-accounts")
    with office.rt.store.read() as session:
        assert list(segments.known(session, office.company.id)) == ["key-accounts", "schools"]
        assert list(segments.known(session, office.company.id + 1)) == []


@pytest.mark.parametrize("name", ["Key accounts", "a--b", "-a", "ü", "a" * 61])
def test_a_name_that_no_cadence_could_write_is_refused(office: Office, name: str) -> None:
    with pytest.raises(Refusal, match="Name a segment with small letters"):
        segments.assign(office.rt, office.account_id, name, 1)


def test_a_segment_in_which_their_own_changes_do_not_fit_is_refused(office: Office) -> None:
    """Its cadence lacks the step that was changed for this customer."""
    source = 'name = "few"\ntitle = "Few"\n[[step]]\nname = "late-4"\noffset = 4\ntone = "kind"\n'
    few = library.save(office.rt, office.company.practice_id, source)
    change(office, Level.SEGMENT, {}, segment="few", version_id=few.id)
    change(office, Level.ACCOUNT, {"steps": {"late-12": {"tone": "kind"}}}, account_id=office.account_id)
    with pytest.raises(Refusal, match="late-12"):
        segments.assign(office.rt, office.account_id, "few", 1)
    assert office.account("c-1").segment == ""
