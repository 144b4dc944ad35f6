"""A browser without JavaScript: opens pages, finds their forms, ticks, fills in and sends them.

Knows HTML forms and nothing of Dunlin. It sends hidden fields as it found them, as a real browser would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT = (5, 30)
_VOID = ("br", "hr", "img", "input", "link", "meta", "wbr")
_AROUND = ("label", "tr", "li", "option", "button")


class Lost(Exception):
    """The page is not what a person could use; the message says what was missing."""


@dataclass(slots=True)
class Control:
    """One field. `words` is what a person reads beside it: its label, row or option."""

    name: str
    type: str
    value: str
    chosen: bool = False
    words: str = ""
    limits: tuple[str, str] = ("", "")
    leads_to: str = ""


@dataclass(slots=True)
class Form:
    """`pressed` is the button that sends it, where a page gives a form several."""

    action: str
    method: str
    id: str = ""
    controls: list[Control] = field(default_factory=list)
    pressed: Control | None = None

    def kind(self, *types: str) -> list[Control]:
        return [one for one in self.controls if one.type in types and one.name]

    def fields(self) -> list[tuple[str, str]]:
        """What is sent as the form stands: everything filled in or chosen, and no button."""
        sent = []
        for one in self.controls:
            picked = one.chosen if one.type in ("checkbox", "radio", "option") else one.type not in ("submit", "button")
            if one.name and picked:
                sent.append((one.name, one.value))
        return sent


@dataclass(slots=True)
class Page:
    url: str
    status: int
    text: str
    forms: list[Form]
    said: str = ""
    """What the page announces, such as a thank-you or a refusal."""

    def all_forms(self, ending: str) -> list[Form]:
        """The forms, and buttons of forms, that lead to a path with this ending; Lost when there is none."""
        found = [one for one in self.forms if urlsplit(one.action).path.endswith(ending) and one.method == "post"]
        if not found:
            raise Lost(f"The page has no form that leads to {ending!r}.")
        return found


class Browser:
    """One person's visit: cookies are forgotten at the start."""

    def __init__(self, http: requests.Session) -> None:
        self.http = http
        http.cookies.clear()

    def open(self, url: str) -> Page:
        return _page(self.http.get(url, timeout=TIMEOUT))

    def send(self, page: Page, form: Form) -> Page:
        """Press the form's button, and follow where it leads."""
        button = form.pressed or next((one for one in form.controls if one.type == "submit"), None)
        fields = form.fields() + ([(button.name, button.value)] if button is not None and button.name else [])
        headers = {"Referer": page.url, "Origin": "{0.scheme}://{0.netloc}".format(urlsplit(page.url))}
        return _page(self.http.post(form.action, data=fields, headers=headers, timeout=TIMEOUT))


def _page(answer: requests.Response) -> Page:
    if answer.status_code >= 400:
        raise Lost(f"{urlsplit(answer.url).path} answered {answer.status_code}.")
    reader = _Reader(answer.url)
    reader.feed(answer.text)
    said = " ".join(" ".join(reader.said).split())
    return Page(answer.url, answer.status_code, answer.text, [*reader.forms, *_by_button(reader.forms)], said)


def _by_button(forms: list[Form]) -> list[Form]:
    """The same form once more for every button that sends it elsewhere (`formaction`)."""
    return [
        Form(one.leads_to, form.method, form.id, form.controls, one)
        for form in forms
        for one in form.controls
        if one.leads_to
    ]


class _Reader(HTMLParser):
    """Collects forms; a control outside its form finds it by `form="id"`, and takes in the words around it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._around: list[tuple[str, list[Control], list[str]]] = []
        self._labels: dict[str, list[Control]] = {}
        self._label_words: dict[str, str] = {}
        self._label_for = ""
        self._select: tuple[str, str | None] = ("", None)
        self._text_for: Control | None = None
        self.said: list[str] = []
        self._said_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if said.get("role") in ("status", "alert") or (self._said_depth and tag not in _VOID):
            self._said_depth += 1
        if tag == "form":
            where = urljoin(self.url, said.get("action", "") or self.url)
            self._form = Form(where, said.get("method", "get").lower(), said.get("id", ""))
            self.forms.append(self._form)
        if tag in _AROUND:
            self._around.append((tag, list(self._labels.get(said.get("for", "-"), ())), []))
            self._label_for = said.get("for", "") if tag == "label" else self._label_for
        if tag == "select":
            self._select = (said.get("name", ""), said.get("form"))
        if tag in ("input", "button", "option", "textarea"):
            self._control(tag, said)

    def _control(self, tag: str, said: dict[str, str]) -> None:
        kind = {"option": "option", "textarea": "textarea", "button": said.get("type", "submit")}.get(tag)
        kind = kind or said.get("type", "text").lower()
        name = self._select[0] if tag == "option" else said.get("name", "")
        home = said.get("form") if tag != "option" else self._select[1]
        form = next((one for one in self.forms if one.id == home), None) if home else self._form
        control = Control(name, kind, said.get("value", "on" if kind in ("checkbox", "radio") else ""))
        control.chosen = "checked" in said or "selected" in said
        control.leads_to = urljoin(self.url, said["formaction"]) if "formaction" in said else ""
        control.limits = (said.get("min", ""), said.get("max", ""))
        if "id" in said:
            self._labels.setdefault(said["id"], []).append(control)
            control.words = self._label_words.get(said["id"], "")
        for _, controls, _ in self._around:
            controls.append(control)
        if tag == "textarea" or (tag == "option" and "value" not in said):
            self._text_for = control  # its words are its value
        if form is not None and "disabled" not in said:
            form.controls.append(control)

    def handle_data(self, data: str) -> None:
        if self._said_depth:
            self.said.append(data)
        for _, _, words in self._around:
            words.append(data)
        if self._text_for is not None:
            self._text_for.value += data

    def handle_endtag(self, tag: str) -> None:
        self._said_depth = max(0, self._said_depth - (tag not in _VOID))
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ("", None)
        if tag in ("textarea", "option"):
            self._text_for = None
        if tag not in _AROUND or not any(one[0] == tag for one in self._around):
            return
        while self._around:
            name, controls, words = self._around.pop()
            for control in controls:
                control.words += " " + " ".join("".join(words).split())
            if name == "label" and self._label_for:
                self._label_words[self._label_for] = " ".join("".join(words).split())
            if name == tag:
                return


def names(words: str, number: str) -> bool:
    """Whether the words name that very invoice: INV-10 is not in INV-101."""
    return re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", words) is not None
