"""Work for workers: what was given to one, and on PostgreSQL the tables of Procrastinate, which carries it there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.jobs import bring_up

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('effect', sa.Column('handed_until', sa.DateTime(timezone=True)))
    op.add_column('company', sa.Column('handed_until', sa.DateTime(timezone=True)))
    bring_up(op.get_bind())
