"""The OpenAPI document held against the API by Schemathesis: whatever it lets one send, nothing breaks, and what comes
back is what was announced.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from models import Touch
from tests.web.edges import client_of
from tests.web.programs import a_token
from tests.web.world import World
from web.api.operations import OPERATIONS
from web.guards import limiter

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def uids(world: World, path: str) -> str:
    """Something that the address can be about."""
    with world.rt.store.read() as session:
        message = session.scalars(select(Touch.uid).where(Touch.company_id == world.bramley.id)).first()
    by_room = {
        "companies": world.bramley.uid,
        "customers": world.accounts["Alder & Ash Kitchens"].uid,
        "invoices": world.invoices["1042"].uid,
        "messages": str(message),
    }
    return by_room[path.split("/")[1]]


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("real", [True, False], ids=["about something", "about nothing"])
def test_whatever_is_sent_is_answered_as_the_document_says(world: World, mode: GenerationMode, real: bool) -> None:
    app = client_of(world.rt).application
    app.extensions["dunlin"] = world.rt
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    token, asked, statuses = a_token(world, may_change=True), [], set()
    for found in schema.get_all_operations():
        operation = found.ok()
        named = {"uid": uids(world, operation.path)} if real and "{uid}" in operation.path else None

        @FEW
        @given(operation.as_strategy(mode, path_parameters=named))
        def ask(case: Any) -> None:
            with app.app_context():
                limiter.reset()
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:  # nothing that could be wrong about it
            assert mode is GenerationMode.NEGATIVE, operation.path
        asked.append(operation.definition.raw["operationId"])
    assert sorted(asked) == sorted(one.name for one in OPERATIONS)
    expected = {200, 201} if real and mode is GenerationMode.POSITIVE else {400} if real else {200, 404}
    assert expected <= statuses, "else hardly anything was asked"
