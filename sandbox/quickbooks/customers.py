"""Customers of the pretend QuickBooks: their names, their jobs, and how two of them become one.

What they owe is moved here only when a job or a whole customer moves; everything else of that is in `booking.py`.
"""

from __future__ import annotations

from sandbox.quickbooks import faults, shapes
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import FULL_NAME, TRANSACTIONS, Realm


def new(realm: Realm, fields: Body) -> Body:
    name = str(fields["DisplayName"]).strip()
    body = shapes.customer_defaults(name, realm.about.currency) | shapes.writable("Customer", fields)
    _place(realm, body)
    _check_name(realm, body)
    row = realm.add("Customer", shapes.without_nulls(body))
    realm.keys[FULL_NAME, row[FULL_NAME]] = row["Id"]
    return row


def _check_name(realm: Realm, body: Body) -> None:
    """Unique with its parents: recorded companies have one name twice, below different parents."""
    if realm.keys.get((FULL_NAME, body[FULL_NAME]), body.get("Id")) != body.get("Id"):
        raise faults.duplicate_name()
    if any(sign in body["DisplayName"] for sign in ":\t\n"):
        raise faults.business("A name must not contain a colon, tab or line break")


def _place(realm: Realm, body: Body) -> None:
    """The full name of a customer under its parent."""
    body[FULL_NAME] = body["DisplayName"]
    if not body.get("ParentRef"):
        body["Level"] = None
        return
    parent = realm.rows["Customer"].get(str(body["ParentRef"].get("value")))
    if parent is None:
        raise faults.bad_reference("ParentRef")
    body["ParentRef"] = {"value": parent["Id"]}
    body["Level"] = parent.get("Level", 0) + 1
    body[FULL_NAME] = f"{parent[FULL_NAME]}:{body['DisplayName']}"


def rename(realm: Realm, row: Body, changes: Body) -> None:
    """A new name or parent gives a new full name, which must be free."""
    renamed = {**row, **changes}
    _place(realm, renamed)
    _check_name(realm, renamed)
    del realm.keys[FULL_NAME, row[FULL_NAME]]
    realm.keys[FULL_NAME, renamed[FULL_NAME]] = row["Id"]
    if renamed.get("ParentRef") != row.get("ParentRef"):
        _move_jobs_debt(realm, row, renamed)
    if renamed["DisplayName"] != row["DisplayName"]:
        changes.setdefault("PrintOnCheckName", renamed["DisplayName"])
    changes |= {name: renamed.get(name) for name in (FULL_NAME, "ParentRef", "Level")}


def _move_jobs_debt(realm: Realm, row: Body, moved: Body) -> None:
    """What a customer owes counts with its new parent, no longer with the old one."""
    for place, sign in ((row, -1), (moved, 1)):
        if place.get("ParentRef"):
            realm.owe_with_jobs(place["ParentRef"]["value"], sign * row["BalanceWithJobs"])


def merge(realm: Realm, old: Body, into: Body) -> None:
    """Documents and jobs of `old` now belong to `into`; `old` stays as an inactive row that owes nothing.

    The webhook of it is a Merge of the survivor with the id of the other. What moved has a new version.
    """
    if old["Id"] in {row["Id"] for row in realm.lineage(into["Id"])}:
        raise ValueError("A customer cannot be merged with itself or with one of its own jobs.")
    owed = old["Balance"]
    realm.owe(old["Id"], -owed)
    realm.owe(into["Id"], owed)
    for job in list(realm.rows["Customer"].values()):
        if job.get("ParentRef", {}).get("value") == old["Id"]:
            changes: Body = {"ParentRef": {"value": into["Id"]}}
            rename(realm, job, changes)
            job.update(changes)
            realm.bump("Customer", job)
    for entity in sorted(TRANSACTIONS):
        for row in realm.rows[entity].values():
            if row.get("CustomerRef", {}).get("value") == old["Id"]:
                row["CustomerRef"] = {"value": into["Id"], "name": into[FULL_NAME]}
                realm.bump(entity, row, tell=False)
    _retire(realm, old)
    realm.merged[old["Id"]] = into["Id"]
    realm.bump("Customer", into, "Merge", deleted=old["Id"])


def _retire(realm: Realm, row: Body) -> None:
    del realm.keys[FULL_NAME, row[FULL_NAME]]
    for name in ("DisplayName", FULL_NAME, "PrintOnCheckName"):
        row[name] = f"{row[name]} (deleted)"
    realm.keys[FULL_NAME, row[FULL_NAME]] = row["Id"]
    row["Active"] = False
    realm.bump("Customer", row, tell=False)
