"""What a customer does on the portal once they followed their link: pay, promise a day, say what is wrong.

Finds its way by the forms alone: `/pay`, `/promise` and `/dispute` at the end of an action, the invoice numbers in
the words beside a box, a field for a date, a field for text. Who does it and why is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

from sandbox.browser import Browser, Control, Form, Lost, Page, names

_LINK = re.compile(r"https?://[^\s<>\"']+/p/[^\s<>\"')\]]+")


def link_in(text: str) -> str:
    """The portal link in a message; "" when there is none."""
    found = _LINK.search(text)
    return found[0].rstrip(".,;:") if found else ""


def pay(browser: Browser, link: str, numbers: Collection[str], all_of: Collection[str] = ()) -> list[str]:
    """Pay `numbers` by card (or all of `all_of` that the form offers); the numbers that were paid for."""
    page = browser.open(link)
    form = _naming(page, "/pay", numbers)
    paid = _tick(form, all_of or numbers)
    hosted = browser.send(page, form)
    desk = next((one for one in hosted.forms if one.method == "post" and _has_card(one)), None)
    if desk is None:
        raise Lost(f"After pressing Pay there was no page that asks for a card. {hosted.said}".strip())
    back = browser.send(hosted, desk)
    if "/p/" not in back.url:
        raise Lost("After paying the customer was not led back.")
    return paid


def promise(browser: Browser, link: str, numbers: Collection[str], day: date) -> tuple[list[str], date]:
    """Promise to pay on `day`, or the nearest one the page offers; what was promised and for when."""
    page = browser.open(link)
    form = _naming(page, "/promise", numbers)
    promised = _tick(form, numbers)
    field = next(iter(form.kind("date")), None)
    if field is None:
        raise Lost("The promise has no field for a day.")
    first, last = (date.fromisoformat(limit) if limit else day for limit in field.limits)
    day = max(first, min(last, day))
    field.value = day.isoformat()
    _accepted(browser.send(page, form))
    return promised, day


def dispute(browser: Browser, link: str, number: str, words: str) -> None:
    """Say what is wrong with one invoice."""
    page = browser.open(link)
    form = _naming(page, "/dispute", [number])
    _tick(form, [number])
    for field in form.kind("textarea"):
        field.value = words
    _accepted(browser.send(page, form))


def _accepted(page: Page) -> None:
    """A portal that took the answer says thank you; anything else it announces is a refusal."""
    if page.said and "thank" not in page.said.lower():
        raise Lost(f"The portal said: {page.said}")


def _has_card(form: Form) -> bool:
    return any("card" in one.name for one in form.controls)


def _boxes(form: Form) -> list[Control]:
    return form.kind("checkbox", "radio", "option")


def _naming(page: Page, ending: str, numbers: Collection[str]) -> Form:
    """The form that offers one of the invoices: in the words beside its boxes, or alone on the page."""
    forms = page.all_forms(ending)
    for form in forms:
        if any(names(box.words, number) for box in _boxes(form) for number in numbers):
            return form
    if len(forms) == 1 and not _boxes(forms[0]) and any(names(page.text, number) for number in numbers):
        return forms[0]
    raise Lost(f"The page offers none of {', '.join(sorted(numbers))} under {ending!r}.")


def _tick(form: Form, numbers: Collection[str]) -> list[str]:
    """Choose the boxes of these invoices and no other; the numbers chosen. A form without boxes is taken as it is."""
    boxes = _boxes(form)
    if not boxes:
        return list(numbers)
    chosen: list[str] = []
    about = {box.name for box in boxes for number in numbers if names(box.words, number)}
    for box in boxes:
        if box.name not in about:
            continue
        mine = [number for number in numbers if names(box.words, number)]
        box.chosen = bool(mine) and (box.type == "checkbox" or not chosen)
        chosen += mine if box.chosen else []
    _choose_the_rest(boxes, about)
    return chosen


def _choose_the_rest(boxes: list[Control], about: set[str]) -> None:
    """A list or a set of round buttons that is not about invoices keeps its choice, or takes its first."""
    for name in {box.name for box in boxes} - about:
        rest = [box for box in boxes if box.name == name and box.type != "checkbox" and box.value]
        if rest and not any(box.chosen for box in rest):
            rest[0].chosen = True
