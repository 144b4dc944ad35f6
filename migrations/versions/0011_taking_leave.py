"""Taking leave: deleting a company, what customers ask for by law, answers of the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('deletion',
    sa.Column('practice_id', _key(), nullable=False),
    sa.Column('gone_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('asked_by_id', _key(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', _key(), nullable=True),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('receipt', sa.JSON(), nullable=False),
    sa.Column('check_number', sa.String(length=40), nullable=False),
    sa.Column('proof', sa.String(length=64), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', _key(), nullable=False),
    sa.ForeignKeyConstraint(['asked_by_id'], ['user.id'], name=op.f('fk_deletion_asked_by_id_user')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['user.id'], name=op.f('fk_deletion_ended_by_id_user')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_deletion_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deletion')),
    sa.UniqueConstraint('uid', name=op.f('uq_deletion_uid'))
    )
    with op.batch_alter_table('deletion', schema=None) as batch_op:
        for name in ('gone_id', 'practice_id', 'state'):
            batch_op.create_index(batch_op.f(f'ix_deletion_{name}'), [name], unique=False)

    op.create_table('data_request',
    sa.Column('company_id', _key(), nullable=False),
    sa.Column('account_id', _key(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('asked_on', sa.Date(), nullable=False),
    sa.Column('answer_by', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('noted_by_id', _key(), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by_id', _key(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', _key(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_data_request_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_data_request_company_id_company')),
    sa.ForeignKeyConstraint(['done_by_id'], ['user.id'], name=op.f('fk_data_request_done_by_id_user')),
    sa.ForeignKeyConstraint(['noted_by_id'], ['user.id'], name=op.f('fk_data_request_noted_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_data_request')),
    sa.UniqueConstraint('uid', name=op.f('uq_data_request_uid'))
    )
    with op.batch_alter_table('data_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_data_request_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_data_request_company_id'), ['company_id'], unique=False)

    op.create_table('api_answer',
    sa.Column('token_id', _key(), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('wish_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('body_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', _key(), nullable=False),
    sa.ForeignKeyConstraint(['token_id'], ['api_token.id'], name=op.f('fk_api_answer_token_id_api_token')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_answer')),
    sa.UniqueConstraint('token_id', 'key', name=op.f('uq_api_answer_token_id_key'))
    )

    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.add_column(sa.Column('leaving_at', sa.DateTime(timezone=True), nullable=True))
