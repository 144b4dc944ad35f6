"""Every page a person can open, by name, in the small world of the web tests."""

from __future__ import annotations

from tests.web.world import World


def console(world: World) -> dict[str, str]:
    bramley, kauri, tide = (f"/companies/{one.uid}" for one in (world.bramley, world.kauri, world.tide))
    alder = world.accounts["Alder & Ash Kitchens"].uid
    return {
        "home": "/",
        "company": bramley,
        "company that is not live": kauri,
        "company being read": tide,
        "search": f"{bramley}?q=104",
        "nobody found": f"{bramley}?q=zzz",
        "everyone": f"{bramley}?show=all",
        "settings": f"{bramley}/settings",
        "cadence": f"{bramley}/cadence",
        "preview": f"{bramley}/preview?days=30",
        "backtest": f"{bramley}/backtest",
        "backtest of two": f"{bramley}/backtest?cadence=in-force&against=trusted-partner",
        "account": f"/accounts/{alder}",
        "account that is left alone": f"/accounts/{world.accounts['Kestrel Homes'].uid}",
        "a day of an account": f"/accounts/{alder}/why?day=2026-11-18",
        "a day to come": f"/accounts/{alder}/why?day=2026-12-02",
        "a day before the first record": f"/accounts/{alder}/why?day=2026-11-09",
        "account with something asked for": f"/accounts/{world.accounts['Tui Trails'].uid}",
        "invoice": f"/invoices/{world.invoices['1042'].uid}",
        "invoice that is paid": f"/invoices/{world.invoices['1011'].uid}",
        "invoice with a change at the desk": f"/invoices/{world.invoices['INV-020'].uid}",
        "sender that is shut out": f"{bramley}/sender",
        "sender to be proved": f"{kauri}/sender?code=123456",
        "no sender of its own": f"{tide}/sender",
        "readings": f"{bramley}/ledger",
        "readings of a first load": f"{tide}/ledger",
        "connection": f"{bramley}/connection",
        "connect again": "/connect/xero/reconnect",
        "row": f"/rows/{world.row.uid}",
        "touch": f"/touches/{world.touch.uid}",
        "desk": "/desk",
        "no drafts": "/approvals",
        "no calls": "/tasks",
        "conversation guide": "/tasks/guide",
        "no such page": "/nowhere",
    }


def portal(world: World) -> dict[str, str]:
    owing, disputed, paid = (
        world.link(name) for name in ("Alder & Ash Kitchens", "Carver's Yard", "Hallam & Daughters")
    )
    return {
        "portal": owing,
        "portal with a dispute": disputed,
        "portal with money on its way": paid,
        "thanks": f"{paid}/thanks",
        "thanks before the processor spoke": f"{owing}/thanks",
        "bad link": f"{owing}x",
    }
