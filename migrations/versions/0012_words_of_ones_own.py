"""Words of one's own in place of shipped templates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('wording',
    sa.Column('practice_id', _key(), nullable=False),
    sa.Column('company_id', _key(), nullable=True),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('template', sa.String(length=60), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('made_by', _key(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('live_by', _key(), nullable=True),
    sa.Column('live_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', _key(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_wording_company_id_company')),
    sa.ForeignKeyConstraint(['live_by'], ['user.id'], name=op.f('fk_wording_live_by_user')),
    sa.ForeignKeyConstraint(['made_by'], ['user.id'], name=op.f('fk_wording_made_by_user')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_wording_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wording')),
    sa.UniqueConstraint('uid', name=op.f('uq_wording_uid'))
    )
    with op.batch_alter_table('wording', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_wording_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_wording_place', ['practice_id', 'state', 'language', 'template'], unique=False)
