"""Statements are read as the bank meant them: files of other people's libraries, and the odd ones that banks write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workflows import bank_csv
from workflows.bank_csv import Columns
from workflows.bank_files import Entry, Statement, keyed, kind_of, read
from workflows.errors import Refusal

FILES = Path(__file__).parent / "bank_files"


def said(one: Entry) -> tuple[str, str, str, str]:
    return str(one.amount), one.day.isoformat(), one.payer, one.text


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "camt053.v2.multi.statement.xml",
            [
                ("8.85 EUR", "2014-12-31", "", "Transaction Description 1 000000001"),
                ("-7.00 EUR", "2014-12-31", "Company Name 2", "Transaction Description 2 000000002"),
            ],
        ),
        (
            "camt053.v2.minimal.ultimate.xml",
            [("8.85 EUR", "2014-12-31", "DEBTOR NAME NM", "4654654654654654")],
        ),
        ("camt053.v2.five.decimals.xml", [("8.85 EUR", "2014-12-31", "", "Transaction Description 000000001")]),
        ("camt053.v3.xml", [("8.85 EUR", "2014-12-31", "NAME NAME", "4654654654654654")]),
        ("camt053.v4.xml", [("8.85 EUR", "2014-12-31", "NAME NAME", "4654654654654654")]),
        # Its one payment says 0 SEK, and its entry 8.85 EUR: the account's own sum counts.
        ("camt053.v8.xml", [("8.85 EUR", "2014-12-31", "NAME NAME", "4654654654654654 MUELL/FINP/RA12345")]),
        (
            "suncorp.ofx",
            [
                (
                    "-16.85 AUD",
                    "2013-12-15",
                    "EFTPOS WDL HANDYWAY ALDI STORE",
                    "EFTPOS WDL HANDYWAY ALDI STORE EFTPOS WDL HANDYWAY ALDI STORE GEELONG WEST VICAU",
                )
            ],
        ),
        ("xml-declaration-ofx-2.ofx", [("-10.00 USD", "2026-01-15", "ANON ÉNERGIE", "ANON ÉNERGIE ANON MEMO")]),
        ("amount-comma-decimal.ofx", [("-2000.00 USD", "2026-01-15", "ANON MERCHANT", "ANON MERCHANT ANON MEMO")]),
        ("header-on-one-line.qfx", [("-10.00 USD", "2026-01-15", "ANON MERCHANT", "ANON MERCHANT ANON MEMO")]),
    ],
)
def test_a_real_file_is_read_to_the_cent(name: str, lines: list[tuple[str, str, str, str]]) -> None:
    statement = read((FILES / name).read_bytes())
    assert ([said(one) for one in statement.entries], statement.bad) == (lines, ())


def test_the_sums_of_a_longer_file_and_the_banks_own_ids_are_all_there() -> None:
    entries = read((FILES / "bank_medium.ofx").read_bytes()).entries
    assert (entries[0].amount.minor, entries[0].id[-2:]) == (-660, "01")
    assert len({one.id for one in entries}) == len(entries) == 3
    assert read((FILES / "checking.ofx").read_bytes()).entries[0].account == "1452687~7"


def test_an_ofx_line_without_a_currency_is_named_and_not_guessed() -> None:
    statement = read((FILES / "empty-tags-curdef-fitid-name.ofx").read_bytes())
    assert statement == Statement("ofx", (), ((1, "It names no currency."),))


def camt(*entries: str) -> bytes:
    account = "<Acct><Id><Othr><Id>123</Id></Othr></Id></Acct>"
    body = f"<BkToCstmrStmt><Stmt>{account}{''.join(entries)}</Stmt></BkToCstmrStmt>"
    return f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.10">{body}</Document>'.encode()


def entry(amount: str = "100.00", status: str = "<Cd>BOOK</Cd>", more: str = "") -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-03-12</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>{more}</Ntry>"
    )


def payment(amount: str, words: str, currency: str = "EUR", way: str = "Amt") -> str:
    sum_ = f'<Amt Ccy="{currency}">{amount}</Amt>'
    if way == "TxAmt":
        sum_ = f'<AmtDtls><InstdAmt><Amt Ccy="SEK">9</Amt></InstdAmt><TxAmt>{sum_}</TxAmt></AmtDtls>'
    return f"<TxDtls>{sum_}<RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls>"


@pytest.mark.parametrize("way", ["Amt", "TxAmt"])
def test_a_batch_is_as_many_lines_as_it_has_payments(way: str) -> None:
    more = f"<NtryDtls>{payment('60.00', 'A', way=way)}{payment('40.00', 'B', way=way)}</NtryDtls>"
    entries = read(camt(entry(more=more))).entries
    assert [(one.amount.minor, one.text, one.id) for one in entries] == [(6_000, "A", "R1/1"), (4_000, "B", "R1/2")]


@pytest.mark.parametrize("currency", ["EUR", "SEK"])
def test_a_batch_that_does_not_add_up_stays_one_line(currency: str) -> None:
    more = f"<NtryDtls>{payment('60.00', 'A', currency)}{payment('41.00', 'B', currency)}</NtryDtls>"
    (one,) = read(camt(entry(more=more))).entries
    assert (one.amount.minor, one.text) == (10_000, "A B")


def test_only_what_is_booked_counts_and_what_does_not_say_so_is_named() -> None:
    statement = read(camt(entry(status="PDNG"), entry(status=""), entry()))
    assert len(statement.entries) == 1
    assert statement.bad == ((2, "It does not say whether it is booked."),)


def test_a_reversal_is_nobodys_payment() -> None:
    (one,) = read(camt(entry(more="<RvslInd>true</RvslInd>"))).entries
    assert one.aside == "The bank took an earlier entry back."


def test_a_file_with_prefixed_names_is_the_same_file() -> None:
    plain = camt(entry()).replace(b"xmlns=", b"xmlns:n=")
    (one,) = read(re.sub(rb"<(/?)(?=[A-Z])", rb"<\1n:", plain)).entries
    assert (one.amount.minor, one.account) == (10_000, "123")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "This file is empty"),
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        (b"<?xml version='1.0'?><Document/>", "This XML is no CAMT.053 statement"),
        (b"<?xml version='1.0'?><Docum", "cut off or no XML"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "defines entities of its own"),
        (b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "defines entities of its own"),
        (b"OFXHEADER:100\n\n<OFX></OFX>", "holds no statement of a bank account"),
        (b"%PDF-1.4", "no statement that can be read"),
        (b"<html>", "no statement that can be read"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_in_a_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        kind_of(raw) and read(raw)


def test_a_line_has_one_key_in_every_file_and_equal_lines_have_as_many_as_there_are() -> None:
    twice = read(camt(entry(), entry())).entries
    assert len(keyed(twice)) == 1, "the bank's own number is the same"
    nameless = read(camt(entry(), entry()).replace(b"R1", b"NOTPROVIDED")).entries
    assert len(keyed(nameless)) == 2
    assert set(keyed(nameless[:1])) < set(keyed(nameless))


BRITISH = b"""Account,12345678
Date,Description,Paid in,Paid out
12/03/2026,FERN SONS INV-1,100.00,
13/03/2026,RENT,,"1,200.00"
"""
GERMAN = "Buchungstag;Auftraggeber/Begünstigter;Verwendungszweck;Betrag;Währung\n13.03.2026;Müller;RE 7;-1.042,50;EUR\n"


def test_a_british_csv_is_guessed_with_its_header_below_a_title() -> None:
    columns = bank_csv.guess(BRITISH)
    assert columns == Columns(1, {"day": 0, "text": 1, "paid_in": 2, "paid_out": 3}, "%d/%m/%Y", ".")
    entries = bank_csv.read(BRITISH, columns, "", "GBP").entries
    assert [said(one) for one in entries] == [
        ("100.00 GBP", "2026-03-12", "", "FERN SONS INV-1"),
        ("-1200.00 GBP", "2026-03-13", "", "RENT"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_german_csv_is_guessed_in_both_encodings(encoding: str) -> None:
    raw = GERMAN.encode(encoding)
    (one,) = bank_csv.read(raw, bank_csv.guess(raw), "", "GBP").entries
    assert said(one) == ("-1042.50 EUR", "2026-03-13", "Müller", "RE 7")


def test_days_that_can_be_read_in_two_ways_are_asked_about() -> None:
    raw = b"Date,Amount\n03/04/2026,1.00\n"
    columns = bank_csv.guess(raw)
    assert columns.form == ""
    assert {"%d/%m/%Y", "%m/%d/%Y"} == set(bank_csv.forms(bank_csv.sheet(raw, 0), 0))
    with pytest.raises(Refusal, match="Please choose how the days are written"):
        bank_csv.read(raw, columns, "", "GBP")


def test_every_bad_line_of_a_dirty_csv_is_named_with_its_number() -> None:
    raw = b'Date,Amount,Text\n2026-03-12,1.00,A\n2026-13-12,1.00,B\n2026-03-12,1.x,C\n2026-03-12\n2026-03-12,2.00,"D\n'
    statement = bank_csv.read(raw, Columns(0, {"day": 0, "amount": 1, "text": 2}, "%Y-%m-%d", "."), "", "GBP")
    assert [one.text for one in statement.entries] == ["A"]
    assert statement.bad == (
        (3, "The day '2026-13-12' could not be read."),
        (4, "The amount '1.x' could not be read."),
        (5, "The line has 1 cells; the first line has 3."),
        (6, "A quote is opened on this line and never closed."),
    )


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ({"amount": 1}, "column with the day"),
        ({"day": 0}, "either one column with the sum"),
        ({"day": 0, "amount": 1, "paid_in": 2}, "either one column with the sum"),
        ({"day": 0, "amount": 0}, "only once"),
        ({"day": 0, "amount": 9}, "does not have these columns"),
    ],
)
def test_columns_that_cannot_be_are_refused(places: dict[str, int], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        bank_csv.read(b"Date,Amount\n2026-03-12,1.00\n", Columns(0, places, "%Y-%m-%d", "."), "", "GBP")
