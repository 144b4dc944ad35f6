"""Every page a person can open, by name, in the small world of the web tests."""

from __future__ import annotations

from models import CadenceVersion, Effect
from tests.web.world import World
from workflows import opting_out


def _version(world: World) -> str:
    """The version that the first company has."""
    with world.rt.store.read() as session:
        return session.get_one(CadenceVersion, world.bramley.cadence_version_id).uid


def _log(world: World) -> dict[str, str]:
    return {
        "log of a customer": f"/accounts/{world.accounts['Matai Lodge'].uid}/log",
        "log of a company": f"/companies/{world.bramley.uid}/log",
        "log of the practice": "/log",
        "deleting a company": f"/companies/{world.bramley.uid}/delete",
        "personal data": f"/accounts/{world.accounts['Matai Lodge'].uid}/personal",
        "erasing somebody who owes": f"/accounts/{world.accounts['Alder & Ash Kitchens'].uid}/erase",
    }


def _drafts(world: World) -> dict[str, str]:
    return {
        "draft": f"/drafts/{world.draft.uid}?step=late-12",
        "draft tried on the past": f"/drafts/{world.draft.uid}?tried=1",
    }


def over_all_companies() -> dict[str, str]:
    return {
        "today": "/",
        "companies": "/companies",
        "found": "/search?q=104",
        "found by the sum": "/search?q=1,204.50",
        "nothing found": "/search?q=zzz",
        "stop sending": "/stop",
        "what you are told": "/what-you-are-told",
        "tokens": "/your-tokens",
        "how long things are kept": "/how-long",
        "deleted companies": "/deletions",
        "words": "/wordings",
        "words in French": "/wordings/in/fr/mail/late-12",
    }


def console(world: World) -> dict[str, str]:
    bramley, kauri, tide = (f"/companies/{one.uid}" for one in (world.bramley, world.kauri, world.tide))
    alder = world.accounts["Alder & Ash Kitchens"].uid
    return {
        **over_all_companies(),
        **_drafts(world),
        "company": bramley,
        "company that is not live": kauri,
        "company being read": tide,
        "search": f"{bramley}?q=104",
        "nobody found": f"{bramley}?q=zzz",
        "everyone": f"{bramley}?show=all",
        "settings": f"{bramley}/settings",
        "agreements": f"{bramley}/agreements",
        "month end": f"{bramley}/month-end?month=2026-11",
        "data out": f"{bramley}/export",
        "month end of a company never read": f"{tide}/month-end",
        "cadence": f"{bramley}/cadence",
        "preview": f"{bramley}/preview?days=30",
        "backtest": f"{bramley}/backtest",
        "backtest of two": f"{bramley}/backtest?cadence=in-force&against=trusted-partner",
        "account": f"/accounts/{alder}",
        "account that is left alone": f"/accounts/{world.accounts['Kestrel Homes'].uid}",
        "statement": f"/accounts/{alder}/statement",
        "statement of a past period": f"/accounts/{alder}/statement?since=2026-10-01&until=2026-10-31",
        "statement of an account with holds": f"/accounts/{world.accounts['Kestrel Homes'].uid}/statement",
        "hand-over to think of": f"/accounts/{world.accounts['Kestrel Homes'].uid}/handover",
        "hand-over to look through": f"/accounts/{world.accounts['Matai Lodge'].uid}/handover",
        "hand-over to an agency": f"/accounts/{world.accounts['Rimu Rafting'].uid}/handover",
        "account with an agency": f"/accounts/{world.accounts['Rimu Rafting'].uid}",
        "terms": f"{bramley}/terms",
        "no terms": f"{kauri}/terms",
        "terms of one customer": f"/accounts/{world.accounts['Brightwell Primary School'].uid}/terms",
        "terms to read": f"/terms/{world.terms.uid}",
        "terms in a file": f"/terms/{world.own_terms.uid}",
        "a day of an account": f"/accounts/{alder}/why?day=2026-11-18",
        "a day to come": f"/accounts/{alder}/why?day=2026-12-02",
        "a day before the first record": f"/accounts/{alder}/why?day=2026-11-09",
        "account with something asked for": f"/accounts/{world.accounts['Tui Trails'].uid}",
        "writing by hand": f"/accounts/{alder}/write",
        **_log(world),
        "invoice": f"/invoices/{world.invoices['1042'].uid}",
        "invoice that is paid": f"/invoices/{world.invoices['1011'].uid}",
        "invoice with a change at the desk": f"/invoices/{world.invoices['INV-020'].uid}",
        "connect again": "/connect/xero/reconnect",
        "row": f"/rows/{world.row.uid}",
        "touch": f"/touches/{world.touch.uid}",
        "desk": "/desk",
        "library": "/library",
        "version": f"/library/{_version(world)}",
        "roll-out to choose for": f"/library/{_version(world)}/roll-out?company={world.bramley.uid}",
        "changes": "/library/changes",
        "change for a company": f"/library/change?company={world.bramley.uid}",
        "change for a customer": f"/library/change?account={alder}",
        "no drafts": "/approvals",
        "no calls": "/tasks",
        "conversation guide": "/tasks/guide",
        "no such page": "/nowhere",
        **_of_a_company(bramley, kauri, tide),
    }


def _of_a_company(bramley: str, kauri: str, tide: str) -> dict[str, str]:
    return {
        "segments": f"{bramley}/segments",
        "words of a company": f"/wordings/in/en/mail/welcome?company={bramley.rpartition('/')[2]}",
        "segments counted": f"{bramley}/segments?segment=big&payer=new",
        "law and limits": f"{bramley}/law",
        "law of which nothing is known": f"{kauri}/law",
        "sender that is shut out": f"{bramley}/sender",
        "sender to be proved": f"{kauri}/sender?code=123456",
        "no sender of its own": f"{tide}/sender",
        "readings": f"{bramley}/ledger",
        "readings of a first load": f"{tide}/ledger",
        "connection": f"{bramley}/connection",
    }


def stop_link(world: World) -> str:
    """By which Alder & Ash can ask for a person, as it stood in the message to them."""
    with world.rt.store.read() as session:
        message = session.get_one(Effect, world.touch.effect_id).uid
    return opting_out.url(world.rt, message).removeprefix(world.rt.public_url)


def portal(world: World) -> dict[str, str]:
    parts = world.invoices["1042"].uid
    owing, disputed, paid = (
        world.link(name) for name in ("Alder & Ash Kitchens", "Carver's Yard", "Hallam & Daughters")
    )
    return {
        "portal": owing,
        "asking for a person": stop_link(world),
        "portal with an answer in front": f"{owing}?answer=paid-already",
        "portal with the longest answer in front": f"{owing}?answer=dispute",
        "portal with a dispute": disputed,
        "portal with money on its way": paid,
        "portal statement": f"{owing}/statement",
        "portal statement with money on its way": f"{paid}/statement",
        "portal terms": f"{owing}/terms",
        "portal terms in a file": f"{world.link('Brightwell Primary School')}/terms",
        "thanks": f"{paid}/thanks",
        "thanks before the processor spoke": f"{owing}/thanks",
        "portal parts to choose": f"{owing}/arrange",
        "portal parts to agree on": f"{owing}/arrange/look?invoice={parts}&count=3&every=month&first=2026-11-20",
        "portal parts that nobody agrees to": f"{owing}/arrange/look?invoice={parts}&count=99&every=month",
        "portal nothing to pay in parts": f"{paid}/arrange",
        "portal more time": f"{owing}/more-time",
        "portal with parts": world.link("Kestrel Homes"),
        "bad link": f"{owing}x",
    }
