"""Pages of many companies: few accounts of many, and what is owed, are found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

# As models/ledger.py had them on the day of this migration.
_SAYS = "CAST(because AS VARCHAR) LIKE '%\"{}\"%'"
_UNREACHED = " OR ".join(
    ("CAST(refused AS VARCHAR) != '[]'", _SAYS.format("unsendable"), _SAYS.format("unplannable"))
)
_LACKING = " OR ".join((_SAYS.format("no-address"), _SAYS.format("no-due-date")))


_OWED = "status = 'open' AND balance_minor > 0 AND gone_at IS NULL"


def upgrade() -> None:
    _index('account', 'unreached', ['company_id'], _UNREACHED)
    _index('account', 'lacking', ['company_id'], _LACKING)
    _index('account', 'care', ['company_id'], 'care', 'care = 1')
    _index('touch', 'in_doubt', ['company_id'], "state = 'in_doubt'")
    _index('invoice', 'owed', ['company_id', 'currency', 'account_id', 'due', 'balance_minor'], _OWED)


def _index(table: str, name: str, columns: list[str], where: str, on_sqlite: str = "") -> None:
    here = {'postgresql_where': sa.text(where), 'sqlite_where': sa.text(on_sqlite or where)}
    op.create_index(f'ix_{table}_{name}', table, columns, **here)
