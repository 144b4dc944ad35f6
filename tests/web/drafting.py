"""What the tests of the cadence editor share: a form as a browser would send it, and a second accountant."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from models import CadenceDraft, User
from tests.web.edges import HTTPS
from tests.web.world import World
from workflows import drafts

Fields = dict[str, list[str]]


class _Forms(HTMLParser):
    """Every form of a page with the fields that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, Fields]] = []
        self._chosen = ""
        self._typing = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((has.get("action", ""), {}))
        elif tag == "input" and "name" in has and (has.get("type") != "checkbox" or "checked" in has):
            self._put(has["name"], has.get("value", ""))
        elif tag == "select":
            self._chosen = has.get("name", "")
        elif tag == "option" and ("selected" in has or self._chosen not in self.found[-1][1]):
            self.found[-1][1][self._chosen] = [has["value"]] if "value" in has else []
            self._typing = "" if "value" in has else self._chosen
        elif tag == "textarea":
            self._typing = has["name"]

    def handle_data(self, data: str) -> None:
        if self._typing:
            self._put(self._typing, data.removeprefix("\n"))
            self._typing = ""

    def handle_endtag(self, tag: str) -> None:
        self._chosen, self._typing = ("", "") if tag in ("select", "textarea") else (self._chosen, self._typing)

    def _put(self, name: str, value: str) -> None:
        self.found[-1][1].setdefault(name, []).append(value)


def form(page: str, action: str, step: str | None = None) -> Fields:
    """The fields of the page's first form with this end of its address, and of this step."""
    reader = _Forms()
    reader.feed(page)
    for where, fields in reader.found:
        if where.partition("?")[0].endswith(action) and step in (None, *fields.get("step", [""])):
            return fields
    raise AssertionError(f"no form for {action} {step}")


class Editor:
    """A browser at the page of one draft."""

    def __init__(self, world: World, client: FlaskClient, uid: str) -> None:
        self.world, self.client, self.uid = world, client, uid

    @property
    def row(self) -> CadenceDraft:
        with self.world.rt.store.read() as session:
            return session.scalars(select(CadenceDraft).where(CadenceDraft.uid == self.uid)).one()

    def see(self, **asked: str) -> str:
        answer = self.client.get(f"/drafts/{self.uid}", query_string=asked, **HTTPS)
        assert answer.status_code == 200
        return str(answer.text)

    def send(self, what: str, given: Fields) -> Any:
        return self.client.post(f"/drafts/{self.uid}/{what}", data=given, **HTTPS)

    def press(self, what: str, step: str | None = None, page: str | None = None, **typed: str) -> Any:
        """Fill these fields in, and send the form with all that stood in it."""
        fields = form(page or self.see(), f"/{what}", step) | {name: [value] for name, value in typed.items()}
        return self.send(what, fields)

    def done(self, what: str, step: str | None = None, **typed: str) -> str:
        """The page it leads to."""
        answer = self.press(what, step, **typed)
        assert answer.status_code == 303, answer.text
        return str(self.client.get(answer.headers["Location"], **HTTPS).text)


def begin(world: World, client: FlaskClient, shipped: str = "firm-but-fair") -> Editor:
    made = drafts.begin(world.rt, world.practice, ann_id(world), world.bramley.id, shipped=shipped)
    return Editor(world, client, made.uid)


def ann_id(world: World) -> int:
    with world.rt.store.read() as session:
        return session.scalars(select(User.id).where(User.email == "ann@example.com")).one()


def second(world: World, role: str = "accountant", **more: Any) -> int:
    """Cem, who has Ann's password."""
    with world.rt.store.write() as session:
        ann = session.scalars(select(User).where(User.email == "ann@example.com")).one()
        cem = User(uid="cem", practice_id=world.practice, email="cem@example.com", name="Cem", role=role, **more)
        cem.password_hash, cem.created_at = ann.password_hash, ann.created_at
        session.add(cem)
        session.flush()
        return cem.id
