"""Lists, a whole company and the API on both databases: their questions stream, group and page alike on each."""

from __future__ import annotations

import io
import zipfile

from models.store import Store
from tests.databases import store
from tests.web.api_examples import written
from tests.web.edges import HTTPS, client_of, runtime, sign_in
from tests.web.world import World
from web import exported, exported_across

__all__ = ["store"]


def test_every_list_the_whole_and_every_operation_of_the_api(store: Store) -> None:
    world = World(runtime(store))
    ann = sign_in(client_of(world.rt))
    for name, one in exported.BY_NAME.items():
        text = ann.get(f"/companies/{world.bramley.uid}/lists/{name}.csv?open=yes&from=2026-01-01", **HTTPS).text
        assert text.splitlines()[0].lstrip("\ufeff") == ",".join(one.head), name
    for name in exported_across.BY_NAME:
        assert "Bramley Joinery" in ann.get(f"/lists/{name}.csv", **HTTPS).text, name
    data = ann.get(f"/companies/{world.bramley.uid}/export.zip", **HTTPS).data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        assert b"company-taken" in packed.read("log/entries.jsonl")
    assert "### Why the customer heard something" in written(world)
