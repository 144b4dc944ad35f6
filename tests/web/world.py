"""A small practice with three companies, and a stranger's practice beside it.

Rows are made by the models and planned by the real planner; only the vendors at the edge are pretended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from models import (
    Account,
    Attempt,
    AttemptLine,
    CadenceDraft,
    Company,
    Connection,
    Credit,
    Dispute,
    Effect,
    Grant,
    Invoice,
    Payment,
    Promise,
    Touch,
    TouchInvoice,
    UnreadableRow,
)
from tests.web import agreed, further, handed, rested
from tests.web.edges import NOW, PASSWORD
from workflows import cadences, library, links, people, planner
from workflows.runtime import Runtime


class World:
    """The rows by name; `link` opens an account's portal."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt
        self.practice = self._practice("Harbour & Lane", "Ann Harbour", "ann@example.com")
        self.other = self._practice("Elsewhere Ltd", "Otto Other", "otto@example.com")
        self.bramley = self._company(self.practice, "Bramley Joinery", "quickbooks", "GBP", "GB", "Europe/London")
        self.kauri = self._company(self.practice, "Kauri Coast Outfitters", "xero", "NZD", "NZ", "Pacific/Auckland")
        self.tide = self._company(self.practice, "Tidewater Studio", "xero", "EUR", "IE", None, read=False)
        self.foreign = self._company(self.other, "Somebody Else's Client", "xero", "EUR", "DE", "Europe/Berlin")
        self.accounts: dict[str, Account] = {}
        self.invoices: dict[str, Invoice] = {}
        self._bramley_books()
        self._kauri_books()
        self._account(self.foreign, "Foreign Customer", ["f@example.com"], [("F-1", -3, 5000, 5000)])
        self._answers()
        self._messages()
        self.posting: Any = None
        self.row: Any = None
        self.hold: Any = None
        self.told: Any = None
        self.arrangement: Any = None
        self.prepared: Any = None
        self.released: Any = None
        self.terms: Any = None
        self.own_terms: Any = None
        further.fill(self)
        rested.fill(self)
        agreed.fill(self)
        handed.fill(self)
        with rt.store.write() as session:
            for company in (self.bramley, self.kauri, self.foreign):
                planner.wake_company(rt, session, company.id)
        planner.plan_due(rt)
        self.draft = self._draft("trusted-partner")

    def link(self, account: str) -> str:
        row = self.accounts[account]
        return f"/p/{links.make(self.rt, row, row.emails or ['x@example.com'])}"

    def _add(self, row: Any) -> Any:
        with self.rt.store.write() as session:
            session.add(row)
        return row

    def _draft(self, name: str) -> Any:
        made = CadenceDraft(uid="a-draft", practice_id=self.practice, company_id=self.bramley.id, name=name)
        made.source, made.made_by = cadences.shipped_library()[name], self.hold.owner_id
        made.made_at = made.changed_at = self.rt.clock.now()
        return self._add(made)

    def _practice(self, name: str, person: str, email: str) -> int:
        user_id = people.create_owner(self.rt, name, person, email, PASSWORD)
        with self.rt.store.read() as session:
            return people.user(session, user_id).practice_id  # type: ignore[union-attr]

    def _company(
        self, practice: int, name: str, kind: str, currency: str, country: str, zone: str | None, read: bool = True
    ) -> Company:
        rt, now = self.rt, self.rt.clock.now()
        with rt.store.write() as session:
            version = library.shipped_version(rt, session, practice, "default")
            company = Company(
                uid=rt.new_id(),
                practice_id=practice,
                name=name,
                ledger_kind=kind,
                currency=currency,
                country=country,
                zone=zone,
                email=f"accounts@{name.split()[0].lower()}.example",
                deposit_account="35",
                cadence_version_id=version.id,
                created_at=now,
                live_at=now if name.startswith("B") else None,
                draft_days=0,
                sync_state="idle" if read else "running",
                sync_rows=0 if read else 412,
            )
            grant = Grant(
                uid=rt.new_id(),
                kind=kind,
                holder_tag=rt.new_id(),
                access_sealed=rt.vault.seal(b"access"),
                refresh_sealed=rt.vault.seal(b"refresh"),
                expires_at=now + timedelta(days=1),
                created_at=now,
            )
            session.add_all([company, grant])
            session.flush()
            session.add(
                Connection(
                    uid=rt.new_id(),
                    company_id=company.id,
                    grant_id=grant.id,
                    external_tag=rt.new_id(),
                    tenant_sealed=rt.vault.seal(b"tenant"),
                    connection_sealed=rt.vault.seal(b""),
                    read_at=now - timedelta(minutes=12) if read else None,
                    created_at=now,
                )
            )
        return company

    def _account(
        self,
        company: Company,
        name: str,
        emails: list[str],
        invoices: Sequence[tuple[str, int | None, int, int]],
        currency: str = "",
    ) -> Account:
        """`invoices`: (number, days from today until due, total, balance)."""
        rt, now = self.rt, self.rt.clock.now()
        account = self.accounts.get(name) or Account(
            uid=rt.new_id(), company_id=company.id, external_id=str(len(self.accounts) + 1), name=name, emails=emails
        )
        account = self._add(account)
        self.accounts[name] = account
        for number, days, total, balance in invoices:
            due = None if days is None else now.date() + timedelta(days=days)
            self.invoices[number] = self._add(
                Invoice(
                    uid=rt.new_id(),
                    company_id=company.id,
                    account_id=account.id,
                    external_id=number,
                    customer=account.external_id,
                    number=number,
                    issued=(due or now.date()) - timedelta(days=30),
                    due=due,
                    currency=currency or company.currency,
                    total_minor=total,
                    balance_minor=balance,
                    status="open" if balance else "paid",
                    seen_at=now,
                    read_at=now,
                )
            )
        return account

    def _bramley_books(self) -> None:
        book = self._account
        book(
            self.bramley,
            "Alder & Ash Kitchens",
            ["pay@alder.example"],
            [
                ("1042", -14, 184050, 184050),
                ("1051", -2, 42000, 21000),
                ("1060", 12, 96500, 96500),
                ("1011", -60, 66000, 0),
            ],
        )
        book(self.bramley, "Alder & Ash Kitchens", [], [("1055", -6, 73000, 73000)], currency="EUR")
        book(self.bramley, "Brightwell Primary School", ["bursar@brightwell.example"], [("1048", -20, 318000, 318000)])
        book(self.bramley, "Carver's Yard", ["jo@carver.example"], [("1049", -9, 51225, 51225)])
        book(self.bramley, "Dene Interiors", [], [("1050", -4, 12900, 12900)])
        book(self.bramley, "Elm Row Residents", ["elm@example.com"], [("0871", -240, 8800, 8800)])
        book(self.bramley, "Fennimore Architects", ["office@fennimore.example"], [("1061", 3, 245000, 245000)])
        book(self.bramley, "Gorse Hill Farm", ["gorse@example.com"], [("1062", None, 15000, 15000)])
        book(self.bramley, "Hallam & Daughters", ["h@hallam.example"], [("1047", -12, 99900, 99900)])
        for place, name in enumerate(("Inkwell Print", "Juniper Cafe", "Kestrel Homes", "Larkspur Florists")):
            book(self.bramley, name, [f"hello{place}@example.com"], [(f"11{place:02}", 6 * place - 9, 23000, 23000)])
        credit = self.accounts["Alder & Ash Kitchens"].external_id
        self._add(
            Credit(
                company_id=self.bramley.id,
                customer=credit,
                external_id="c1",
                kind="CreditMemo",
                issued=date(2026, 10, 20),
                currency="GBP",
                remaining_minor=4500,
            )
        )
        paid = ((date(2026, 10, 2), 66000, "1011"), (date(2026, 11, 12), 21000, "1051"))
        for place, (day, amount, number) in enumerate(paid):
            self._add(
                Payment(
                    company_id=self.bramley.id,
                    customer=credit,
                    external_id=f"p{place}",
                    paid_on=day,
                    currency="GBP",
                    amount_minor=amount,
                    reference="BACS",
                    applied=[[number, amount]],
                )
            )

    def _kauri_books(self) -> None:
        for place, name in enumerate(("Tui Trails", "Matai Lodge", "Rimu Rafting")):
            lines = [(f"INV-02{place}", -8 + 5 * place, 88000, 88000)]
            self._account(self.kauri, name, [f"accounts{place}@example.com"], lines)
        self._add(
            UnreadableRow(
                uid=self.rt.new_id(),
                company_id=self.kauri.id,
                entity="invoice",
                external_id="INV-0199",
                reason="Its total is not a number.",
                seen_at=NOW,
            )
        )

    def _answers(self) -> None:
        rt, now = self.rt, self.rt.clock.now()
        school, hallam = self.accounts["Brightwell Primary School"], self.accounts["Hallam & Daughters"]
        self._add(
            Promise(
                uid=rt.new_id(),
                company_id=self.bramley.id,
                account_id=school.id,
                day=date(2026, 11, 27),
                until=date(2026, 12, 3),
                state="open",
                made_at=now - timedelta(days=2),
                invoices=[self.invoices["1048"]],
            )
        )
        carver = self.accounts["Carver's Yard"]
        self.dispute = self._add(
            Dispute(
                uid=rt.new_id(),
                company_id=self.bramley.id,
                account_id=carver.id,
                invoice_id=self.invoices["1049"].id,
                text="Two of the four doors were never delivered.",
                answer_by=date(2026, 11, 23),
                state="open",
                opened_at=now - timedelta(days=1),
            )
        )
        attempt = self._add(
            Attempt(
                uid=rt.new_id(),
                company_id=self.bramley.id,
                account_id=hallam.id,
                processor="stripe",
                state="paid",
                currency="GBP",
                amount_minor=99900,
                created_at=now - timedelta(hours=3),
                paid_at=now - timedelta(hours=3),
            )
        )
        self.booking = self._add(
            AttemptLine(
                uid=rt.new_id(),
                attempt_id=attempt.id,
                invoice_id=self.invoices["1047"].id,
                amount_minor=99900,
                currency="GBP",
                state="desk",
                note="The ledger's period is closed; it takes no payment on that day.",
            )
        )

    def _messages(self) -> None:
        alder = self.accounts["Alder & Ash Kitchens"]
        self.touch = self._touch(alder, "1042", "late-4", 9, "sent")
        self._touch(self.accounts["Brightwell Primary School"], "1048", "late-12", 6, "sent")
        self.doubt = self._touch(self.accounts["Juniper Cafe"], "1101", "late-4", 0, "in_doubt")

    def _touch(self, account: Account, number: str, step: str, days: int, state: str) -> Touch:
        rt, at = self.rt, self.rt.clock.now() - timedelta(days=days)
        invoice = self.invoices[number]
        effect = self._add(
            Effect(
                uid=rt.new_id(),
                key=f"message/{number}/{step}",
                kind="message",
                company_id=account.company_id,
                account_id=account.id,
                state=state,
                not_before=at,
                content={},
                created_at=at,
                updated_at=at,
            )
        )
        html = '<body style="font-family:sans-serif;padding:24px"><p style="color:#1d6b63">Bramley Joinery</p><p>Hello'
        html += f", invoice {number} is a few days late. <b>Could you have a look?</b></p></body>"
        touch = self._add(
            Touch(
                uid=rt.new_id(),
                effect_id=effect.id,
                company_id=account.company_id,
                account_id=account.id,
                cadence_version_id=None,
                state=state,
                step=step,
                day=at.date(),
                recipients=list(account.emails),
                message_id=f"<{effect.uid}@dunlin.example>",
                subject=f"Invoice {number} from Bramley Joinery",
                text=f"Hello,\n\ninvoice {number} is a few days late. Could you have a look?\n",
                html=html,
                sending_at=at,
                sent_at=at if state == "sent" else None,
            )
        )
        self._add(
            TouchInvoice(
                touch_id=touch.id,
                invoice_id=invoice.id,
                anchor=f"due/{invoice.due}",
                step=step,
                balance_minor=invoice.balance_minor,
                currency=invoice.currency,
            )
        )
        return touch
