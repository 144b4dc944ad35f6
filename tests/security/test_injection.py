"""What people type stays text: in templates, mail headers, file names, pages and the log."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from jinja2.exceptions import SecurityError, TemplateError

from core.file_kinds import kind_of
from integrations.channels.base import Envelope
from integrations.channels.mime import compose
from integrations.errors import OutsideError
from tests.house import code
from tests.web.edges import HTTPS, token_in
from tests.web.world import World
from web import downloads
from workflows import sent_files
from workflows.archive import new_name
from workflows.errors import Refusal
from workflows.templating import environment

ROOMS = ("core", "models", "integrations", "workflows", "web")
XML = ("xml", "lxml", "defusedxml")

# Ways out of Jinja that have worked somewhere.
ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__cl' ~ 'ass__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ name|attr(['__cla', 'ss__']|join) }}",
    "{{ name.__init__.__globals__ }}",
    "{{ name.upper.__self__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].system('id') }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ request.application.__globals__ }}",
    "{{ config.items() }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ ''.format_map.__class__ }}",
    "{{ ('%c'|format(95) ~ '_class__') is mapping and ''[('%c'|format(95)) ~ '_class__'] }}{{ ''.__class__ }}",
    "{% for one in [].__class__.__base__.__subclasses__() %}{{ one }}{% endfor %}",
    "{% set x = facts.append(1) %}{{ x }}",
    "{% set x = facts.clear() %}{{ x }}",
    "{% set x = owed.update({'a': 1}) %}{{ x }}",
    "{{ range(10 ** 9)|list }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../settings.py' %}",
    "{% import 'os' as os %}{{ os.getcwd() }}",
)


@pytest.mark.parametrize("escape", ESCAPES)
def test_a_template_gets_out_of_its_sandbox_by_no_way_we_know(escape: str) -> None:
    """It ends in an error, or what it reached for is not there."""
    facts, owed = [1], {"x": 1}
    with pytest.raises((SecurityError, TemplateError, OverflowError)):
        environment().from_string(escape).render(name="Ann", facts=facts, owed=owed)
    assert (facts, owed) == ([1], {"x": 1})


@pytest.mark.parametrize("header", ["subject", "sender", "recipients", "reply_to"])
@pytest.mark.parametrize("words", ["Ann\r\nBcc: all@evil.example", "Ann\nX: y", "Ann\rX: y"])
def test_no_line_end_gets_into_a_mails_headers(header: str, words: str) -> None:
    named = f'"{words}" <a@x.example>'
    wrong: Any = {"recipients": (named,), "subject": words}.get(header, named)
    try:
        written = compose(replace(_MAIL, **{header: wrong})).decode("ascii", "replace")
    except (OutsideError, ValueError):
        return
    head = written.partition("\r\n\r\n")[0]
    assert not re.search(r"^(Bcc|X):", head, re.MULTILINE)


_MAIL = Envelope("a@x.example", ("b@x.example",), "c@x.example", "Invoice", "Hello", "<p>Hello</p>", "<1@x.example>")


@pytest.mark.parametrize(
    "name", ['a"; filename="b.exe', "a\r\nX: y", "../../etc/passwd", "a/b\\c", "\x00", "=1+1", "ä€漢"]
)
def test_a_download_is_named_with_plain_letters_only(name: str) -> None:
    made = new_name("log-", name, "-2026-03-02.zip", ())
    shown = downloads.file(made, b"x").headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', shown)
    assert ".." not in shown


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("invoice.pdf", b"MZ\x90\x00"),
        ("picture.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("page.txt", b"<html><script>alert(1)</script></html>"),
        ("bomb.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'),
        ("books.zip", b"PK\x03\x04" + b"\x00" * 40),
        ("nothing.pdf", b""),
    ],
)
def test_a_file_is_what_its_bytes_say_and_else_it_is_refused(name: str, body: bytes) -> None:
    try:
        (kept,) = sent_files.looked_at([(name, body)])
    except Refusal:
        return
    assert kept.kind == kind_of(body) == "text/plain", "it is given as text, to be kept, and never shown"
    assert kept.name.endswith(".txt")


def test_files_are_few_small_and_named_by_us() -> None:
    with pytest.raises(Refusal, match="at most 3 files"):
        sent_files.looked_at([("a.pdf", b"%PDF-1.4")] * 4)
    with pytest.raises(Refusal, match="up to 5 MB"):
        sent_files.looked_at([("a.pdf", b"%PDF-1.4" + b"x" * sent_files.LARGEST)])
    (one,) = sent_files.looked_at([('../..\r\n"evil".exe', b"%PDF-1.4")])
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.pdf", one.name)


def test_a_hostile_name_is_shown_as_text_on_the_pages(world: World, ann: FlaskClient) -> None:
    hostile = '"><script>alert(1)</script>{{ 7 * 7 }}'
    with world.rt.store.write() as session:
        session.merge(world.bramley).name = hostile
        session.merge(world.accounts["Alder & Ash Kitchens"]).name = hostile
    for path in ("/", f"/companies/{world.bramley.uid}", f"/accounts/{world.accounts['Alder & Ash Kitchens'].uid}"):
        page = ann.get(path, **HTTPS).text
        assert "<script>alert" not in page, path
        assert "&lt;script&gt;" in page, path
        assert "{{ 7 * 7 }}" in page, path


def test_what_is_typed_into_a_search_is_a_value_and_never_a_question(world: World, ann: FlaskClient) -> None:
    for typed in ("' OR 1=1 --", '"; DROP TABLE user; --', "\\"):
        answer = ann.get(f"/companies/{world.bramley.uid}", query_string={"q": typed, "show": "all"}, **HTTPS)
        assert answer.status_code == 200, typed
        assert "Hallam" not in answer.text, typed


def test_a_field_nobody_asks_for_is_not_taken(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get("/your-sign-in", **HTTPS).text)
    form = {"zone": "Europe/London", "practice_id": "2", "live_at": "2026-01-01", "owner": "1", "csrf_token": token}
    ann.post(f"/companies/{world.foreign.uid}/settings", data=form, **HTTPS)
    ann.post(f"/companies/{world.tide.uid}/settings", data=form, **HTTPS)
    with world.rt.store.read() as session:
        tide = session.merge(world.tide, load=True)
        session.refresh(tide)
        assert (tide.practice_id, tide.live_at) == (world.practice, None)


def _calls() -> list[tuple[str, str]]:
    """(file, what is called) all over the product."""
    return [
        (code.name(path), ast.unparse(node.func))
        for path in code.python(tests=False)
        if path.relative_to(code.ROOT).parts[0] in ROOMS
        for node in ast.walk(code.tree(path))
        if isinstance(node, ast.Call)
    ]


def test_the_product_runs_no_text_as_code_and_reads_no_pickles() -> None:
    """The one program it starts is PostgreSQL's own, with a list of words and no shell."""
    banned = ("eval", "exec", "compile", "__import__", "os.system", "pickle.loads", "marshal.loads", "yaml.load")
    found = [one for one in _calls() if one[1] in banned or one[1].startswith(("subprocess.", "os.exec", "os.popen"))]
    assert found == [("workflows/backups.py", "subprocess.run")]
    assert "shell=" not in (code.ROOT / "workflows/backups.py").read_text(encoding="utf-8")


def test_xml_is_read_in_one_place_which_expands_no_entity() -> None:
    """A bank's statement; what comes of one with entities of its own is seen in tests/workflows/test_bank_files.py."""
    found = set()
    for path in code.python(tests=False):
        if path.relative_to(code.ROOT).parts[0] in ROOMS:
            for node in ast.walk(code.tree(path)):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    home = node.module or "" if isinstance(node, ast.ImportFrom) else ""
                    names = {f"{home}.{one.name}".strip(".") for one in node.names}
                    found |= {(code.name(path), one) for one in names if one.split(".")[0] in XML}
    harmless = {"xml.etree.ElementTree.Element", "xml.etree.ElementTree.ParseError"}  # names, which read nothing
    wanted = {"defusedxml.DefusedXmlException", "defusedxml.ElementTree.fromstring"}
    assert found == {("workflows/bank_files.py", one) for one in wanted | harmless}


def test_pages_escape_everything_by_themselves() -> None:
    """The one place that says a text is safe is our own style sheet, in a report that stands alone."""
    marked = {
        code.name(path)
        for path in (code.ROOT / "templates").rglob("*.html")
        if re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text(encoding="utf-8"))
    }
    assert marked == {"templates/backtest/file.html"}
