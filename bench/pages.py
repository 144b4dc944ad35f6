"""`python -m bench pages`: every page of a practice of forty companies, beside two floors without database or sign-in.

The first floor is a bare Flask application that answers the very bytes of the page from one template: the frame around
it, and as many rows, ready in a list. The second is that application with the page's own template instead, everything
that it shows being in hand. Page and floors take turns and the quickest of several answers counts, so that what else
the machine does touches none of them. It decides nothing.
"""

from __future__ import annotations

import re
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from flask import Flask, render_template, template_rendered
from flask.testing import FlaskClient
from jinja2 import DictLoader, Template

from bench import load_book, load_pages
from bench.load_book import Size
from bench.load_pages import Opened
from bench.office import NOWHERE, Office, office
from tests.databases import migrated

FORTY = Size(accounts=500, invoices=1_500, heavy=25, waiting=20, small=0, alike=39, said=6)
DATABASES = ("sqlite", "postgres")
TIMES = 7
BOUND = 5
# What is worked out because somebody asked for it, over every customer: a calculation rather than a look.
_WORKED_OUT = re.compile(r"/backtest\?|/preview|/month-end|/handover|/write|/approvals|/first-day")
_ROW = re.compile(r"(?=<(?:tr|li|option|article|h2|h3|p)\b)")


@dataclass(frozen=True, slots=True)
class Beside:
    """One page and its floors, in seconds: `bare` answers its bytes, `template` its own template."""

    rule: str
    page: Opened
    seconds: float
    bare: float
    template: float

    @property
    def worked_out(self) -> bool:
        return bool(_WORKED_OUT.search(self.rule))

    @property
    def over_bare(self) -> float:
        return self.seconds / self.bare

    @property
    def over_template(self) -> float:
        return self.seconds / self.template


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--database", choices=DATABASES, help="where the book is kept (default sqlite)")


def main(database: str | None = None, size: Size = FORTY, times: int = TIMES) -> None:
    with tempfile.TemporaryDirectory() as folder, migrated(database or DATABASES[0], Path(folder)) as url:
        here = office("quickbooks", NOWHERE, "bench", url)
        load_book.fill(here, size)
        tell(size, database or DATABASES[0], beside(here, times))
        here.rt.engine.close()
        here.rt.store.close()


def beside(here: Office, times: int = TIMES) -> list[Beside]:
    """Every page that opens as HTML with its floors, all warm."""
    client = load_pages.entered(here)
    rules = load_pages.paths(here, client.application)
    answers = {rule: client.get(path) for rule, path in rules.items()}
    texts = {rule: one.text for rule, one in answers.items() if (one.status_code, one.mimetype) == (200, "text/html")}
    floor = bare({str(number): text for number, text in enumerate(["", *texts.values()])})
    flask = min(_seconds(floor, "/0") for _ in range(times))  # an answer of no bytes
    found = []
    for number, rule in enumerate(texts, start=1):
        page = load_pages.opened(here, client, rules[rule])
        turns = [_turn(client, floor, rules[rule], f"/{number}", flask) for _ in range(times)]
        found.append(Beside(rule, page, *map(min, zip(*turns, strict=True))))
    return found


def _turn(client: FlaskClient, floor: FlaskClient, path: str, bare_path: str, flask: float) -> tuple[float, ...]:
    return _seconds(client, path), _seconds(floor, bare_path), flask + _rendering(client, path)


def _seconds(client: FlaskClient, path: str) -> float:
    begun = perf_counter()
    client.get(path).close()
    return perf_counter() - begun


def _rendering(client: FlaskClient, path: str) -> float:
    """What the page's template takes once more, when all that it asks for has been fetched."""
    with _rendered_again(client.application) as spent:
        client.get(path).close()
    return sum(spent)


@contextmanager
def _rendered_again(app: Flask) -> Iterator[list[float]]:
    spent: list[float] = []

    def again(_app: Flask, template: Template, context: dict[str, Any], **_more: Any) -> None:
        begun = perf_counter()
        template.render(context)
        spent.append(perf_counter() - begun)

    with template_rendered.connected_to(again, app):
        yield spent


def bare(texts: Mapping[str, str]) -> FlaskClient:
    """An application that answers each text, by its name: its frame as it is, its main part in rows from a list."""
    built, rows, templates = Flask("bare"), {}, {}
    for name, text in texts.items():
        head, main, tail = _parted(text)
        rows[name] = _ROW.split(main)
        templates[name] = f"{_raw(head)}{{% for row in rows %}}{{{{ row|safe }}}}{{% endfor %}}{_raw(tail)}"
    built.jinja_loader = DictLoader(templates)
    built.add_url_rule("/<name>", view_func=lambda name: render_template(name, rows=rows[name]), endpoint="page")
    return built.test_client()


def _parted(text: str) -> tuple[str, str, str]:
    start, end = text.find("<main"), text.rfind("</main>")
    return (text[:start], text[start:end], text[end:]) if 0 <= start < end else ("", text, "")


def _raw(text: str) -> str:
    return f"{{% raw %}}{text}{{% endraw %}}"


def tell(size: Size, database: str, every: list[Beside]) -> None:
    looks = [one for one in every if not one.worked_out]
    print(f"{1 + size.alike} companies of {size.accounts} customers, {database}; {len(every)} pages, warm")
    for words, ratios in (
        ("a bare page of the same bytes", [one.over_bare for one in looks]),
        ("its own template with everything in hand", [one.over_template for one in looks]),
    ):
        over = sum(ratio > BOUND for ratio in ratios)
        print(f"  a look beside {words}: median {median(ratios):.1f}, most {max(ratios):.1f}; {over} over {BOUND}")
    print(f"{'ms':>8} {'× bare':>7} {'× template':>10} {'asked':>6} {'kB':>5}  (* worked out)")
    for one in sorted(every, key=lambda one: (one.worked_out, -one.over_template)):
        figures = f"{one.seconds * 1000:>8.1f} {one.over_bare:>7.1f} {one.over_template:>10.1f}"
        asked = f"{len(one.page.questions):>6} {one.page.bytes / 1000:>5.0f}"
        print(f"{figures} {asked}  {one.rule}{' *' if one.worked_out else ''}")
