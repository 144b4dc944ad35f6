"""The life of an effect: wanted once, claimed by one, taken up again after a death, and never repeated in doubt."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import select

from models import EffectKind, EffectState, Touch
from tests.workflows.office import Office
from workflows import clock, effects


def test_the_same_key_again_changes_nothing(office: Office) -> None:
    office.want("k", day="monday")
    office.want("k", day="tuesday")
    (effect,) = office.effects().values()
    assert (effect.state, effect.content) == ("due", {"day": "monday"})


def test_only_a_dropped_effect_is_revived_by_its_own_key(office: Office) -> None:
    for state in EffectState:
        office.want(state.value, day="monday")
        before = office.effects()[state.value]
        office.change(before, state=state.value, note="as it was")
        office.want(state.value, day="tuesday")
        effect = office.effects()[state.value]
        assert effect.uid == before.uid, "the message keeps its name, so that a mail server can tell a repeat"
        if state is EffectState.DROPPED:
            assert (effect.state, effect.content, effect.note) == ("due", {"day": "tuesday"}, "")
        else:
            assert (effect.state, effect.content, effect.note) == (state.value, {"day": "monday"}, "as it was")


def test_of_two_who_claim_at_once_each_effect_goes_to_one(office: Office) -> None:
    for number in range(30):
        office.want(f"k-{number:02}")
    ready, got = threading.Barrier(2), {}

    def claim(owner: str) -> None:
        ready.wait()
        got[owner] = [one.key for one in effects.claim(office.rt, office.company.id, owner, limit=20)]

    workers = [threading.Thread(target=claim, args=(owner,)) for owner in ("one", "two")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(got["one"]).isdisjoint(got["two"])
    claimed = {key: one.lease_owner for key, one in office.effects().items() if one.state == "claimed"}
    assert claimed == {key: owner for owner, keys in got.items() for key in keys}
    assert claimed


def test_only_what_is_due_by_now_is_claimed_oldest_first(office: Office) -> None:
    for key in ("first", "second", "later"):
        office.want(key)
    office.change(office.effects()["later"], not_before=office.clock.now() + timedelta(seconds=1))
    assert [one.key for one in effects.claim(office.rt, office.company.id, "me")] == ["first", "second"]
    assert effects.due_companies(office.rt) == []
    assert clock.next_moment(office.rt) == office.clock.now()  # the account itself is still to be planned
    office.clock.move(office.clock.now() + timedelta(seconds=1))
    assert effects.due_companies(office.rt) == [office.company.id]


def test_a_step_is_taken_only_by_its_owner_and_from_the_state_it_was_seen_in(office: Office) -> None:
    office.want("k")
    (mine,) = effects.claim(office.rt, office.company.id, "me")
    with office.rt.store.write() as session:
        assert not effects.move(office.rt, session, mine, EffectState.SENT, since=EffectState.SENDING)
        assert effects.move(office.rt, session, mine, EffectState.SENDING, since=EffectState.CLAIMED)
        assert not effects.move(office.rt, session, mine, EffectState.SENDING, since=EffectState.CLAIMED)
    office.change(mine, lease_owner="another")
    with office.rt.store.write() as session:
        assert not effects.move(office.rt, session, mine, EffectState.SENT, since=EffectState.SENDING)
    assert office.effects()["k"].state == "sending"


def test_what_is_put_back_comes_again_after_its_wait(office: Office) -> None:
    office.want("k")
    (mine,) = effects.claim(office.rt, office.company.id, "me")
    effects.put_back(office.rt, mine, 300, "Not now.")
    assert effects.claim(office.rt, office.company.id, "me") == []
    office.clock.move(office.clock.now() + timedelta(seconds=300))
    (again,) = effects.claim(office.rt, office.company.id, "me")
    assert (again.attempts, again.note) == (1, "Not now.")


def test_after_a_death_the_claimed_is_done_again_and_the_half_sent_is_in_doubt(office: Office) -> None:
    wanted = {"claimed": EffectKind.MESSAGE, "message": EffectKind.MESSAGE, "thanks": EffectKind.THANKS}
    for key, kind in {**wanted, "booking": EffectKind.BOOKING}.items():
        office.want(key, kind)
    for effect in effects.claim(office.rt, office.company.id, "the dead"):
        if effect.key != "claimed":
            office.change(effect, state="sending")
    before = office.account("c-1").facts_version
    assert effects.recover(office.rt) == 0, "their leases have not ended"
    assert {one.state for one in office.effects().values()} == {"claimed", "sending"}
    office.clock.move(office.clock.now() + effects.LEASE)
    assert effects.recover(office.rt) == 4
    assert {key: one.state for key, one in office.effects().items()} == {
        "claimed": "due",
        "message": "in_doubt",
        "thanks": "in_doubt",
        "booking": "due",  # it has a vendor's key, so the same bytes may be repeated
    }
    assert office.account("c-1").facts_version == before + 1
    assert effects.recover(office.rt) == 0
    with office.rt.store.read() as session:
        assert session.scalars(select(Touch)).all() == []
