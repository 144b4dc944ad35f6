"""The cadence engine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rollout',
    sa.Column('practice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('cadence_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('moves', sa.JSON(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['cadence_version_id'], ['cadence_version.id'], name=op.f('fk_rollout_cadence_version_id_cadence_version')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_rollout_practice_id_practice')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_rollout_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rollout')),
    sa.UniqueConstraint('uid', name=op.f('uq_rollout_uid'))
    )
    with op.batch_alter_table('rollout', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rollout_practice_id'), ['practice_id'], unique=False)

    op.create_table('address_word',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_address_word_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_address_word')),
    sa.UniqueConstraint('company_id', 'address_hash', 'cause', name=op.f('uq_address_word_company_id_address_hash_cause')),
    sa.UniqueConstraint('uid', name=op.f('uq_address_word_uid'))
    )
    op.create_table('approval',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fingerprint', sa.String(length=32), nullable=False),
    sa.Column('approved', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('paragraphs', sa.JSON(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_approval_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_approval_company_id_company')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_approval_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approval')),
    sa.UniqueConstraint('uid', name=op.f('uq_approval_uid'))
    )
    with op.batch_alter_table('approval', schema=None) as batch_op:
        batch_op.create_index('ix_approval_account', ['account_id', 'fingerprint'], unique=False)
        batch_op.create_index(batch_op.f('ix_approval_company_id'), ['company_id'], unique=False)

    op.create_table('arrangement',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('by_user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_arrangement_account_id_account')),
    sa.ForeignKeyConstraint(['by_user_id'], ['user.id'], name=op.f('fk_arrangement_by_user_id_user')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_arrangement_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_arrangement')),
    sa.UniqueConstraint('uid', name=op.f('uq_arrangement_uid'))
    )
    with op.batch_alter_table('arrangement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_arrangement_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_arrangement_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_arrangement_company_id'), ['company_id'], unique=False)

    op.create_table('cadence_override',
    sa.Column('practice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('level', sa.String(length=10), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('segment', sa.String(length=60), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('cadence_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_cadence_override_account_id_account')),
    sa.ForeignKeyConstraint(['cadence_version_id'], ['cadence_version.id'], name=op.f('fk_cadence_override_cadence_version_id_cadence_version')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_cadence_override_company_id_company')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_cadence_override_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cadence_override')),
    sa.UniqueConstraint('uid', name=op.f('uq_cadence_override_uid'))
    )
    with op.batch_alter_table('cadence_override', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cadence_override_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_cadence_override_scope', ['practice_id', 'company_id', 'level'], unique=False)

    op.create_table('decision',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('because', sa.JSON(), nullable=False),
    sa.Column('actions', sa.JSON(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_decision_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index('ix_decision_account', ['account_id', 'at'], unique=False)

    op.create_table('draft',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fingerprint', sa.String(length=32), nullable=False),
    sa.Column('step', sa.String(length=60), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_draft_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_draft_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft')),
    sa.UniqueConstraint('account_id', 'fingerprint', name=op.f('uq_draft_account_id_fingerprint')),
    sa.UniqueConstraint('uid', name=op.f('uq_draft_uid'))
    )
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_draft_company_id'), ['company_id'], unique=False)

    op.create_table('told',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('by_user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_told_account_id_account')),
    sa.ForeignKeyConstraint(['by_user_id'], ['user.id'], name=op.f('fk_told_by_user_id_user')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_told_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_told')),
    sa.UniqueConstraint('uid', name=op.f('uq_told_uid'))
    )
    with op.batch_alter_table('told', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_told_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_told_company_id'), ['company_id'], unique=False)

    op.create_table('arrangement_invoice',
    sa.Column('arrangement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['arrangement_id'], ['arrangement.id'], name=op.f('fk_arrangement_invoice_arrangement_id_arrangement')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_arrangement_invoice_invoice_id_invoice')),
    sa.PrimaryKeyConstraint('arrangement_id', 'invoice_id', name=op.f('pk_arrangement_invoice'))
    )
    with op.batch_alter_table('arrangement_invoice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_arrangement_invoice_invoice_id'), ['invoice_id'], unique=False)

    op.create_table('hold',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('cause', sa.String(length=30), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_hold_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_hold_company_id_company')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_hold_invoice_id_invoice')),
    sa.ForeignKeyConstraint(['owner_id'], ['user.id'], name=op.f('fk_hold_owner_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hold')),
    sa.UniqueConstraint('uid', name=op.f('uq_hold_uid'))
    )
    with op.batch_alter_table('hold', schema=None) as batch_op:
        batch_op.create_index('ix_hold_account', ['account_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_hold_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hold_invoice_id'), ['invoice_id'], unique=False)

    op.create_table('instalment',
    sa.Column('arrangement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('left_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['arrangement_id'], ['arrangement.id'], name=op.f('fk_instalment_arrangement_id_arrangement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instalment')),
    sa.UniqueConstraint('uid', name=op.f('uq_instalment_uid'))
    )
    with op.batch_alter_table('instalment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_instalment_arrangement_id'), ['arrangement_id'], unique=False)

    op.create_table('told_invoice',
    sa.Column('told_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_told_invoice_invoice_id_invoice')),
    sa.ForeignKeyConstraint(['told_id'], ['told.id'], name=op.f('fk_told_invoice_told_id_told')),
    sa.PrimaryKeyConstraint('told_id', 'invoice_id', name=op.f('pk_told_invoice'))
    )
    with op.batch_alter_table('told_invoice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_told_invoice_invoice_id'), ['invoice_id'], unique=False)

    op.create_table('task',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('touch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('outcome', sa.String(length=30), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_task_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_task_company_id_company')),
    sa.ForeignKeyConstraint(['done_by_id'], ['user.id'], name=op.f('fk_task_done_by_id_user')),
    sa.ForeignKeyConstraint(['touch_id'], ['touch.id'], name=op.f('fk_task_touch_id_touch')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task')),
    sa.UniqueConstraint('touch_id', name=op.f('uq_task_touch_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_task_uid'))
    )
    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_company_id'), ['company_id'], unique=False)

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('country', sa.String(length=3), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('region', sa.String(length=10), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('zone', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('segment', sa.String(length=60), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('payer', sa.String(length=10), nullable=False, server_default='new'))
        batch_op.add_column(sa.Column('usual_delay', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_index('ix_account_bills_to', ['company_id', 'bills_to'], sqlite_where=sa.text("bills_to != ''"), postgresql_where=sa.text("bills_to != ''"))
        batch_op.create_index('ix_account_merged_into', ['company_id', 'merged_into'], sqlite_where=sa.text("merged_into != ''"), postgresql_where=sa.text("merged_into != ''"))

    with op.batch_alter_table('cadence_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('parts', sa.JSON(), nullable=False, server_default='{}'))

    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.add_column(sa.Column('region', sa.String(length=10), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('opens', sa.Time(), nullable=False, server_default='09:00:00'))
        batch_op.add_column(sa.Column('closes', sa.Time(), nullable=False, server_default='17:00:00'))
        batch_op.add_column(sa.Column('caps', sa.String(length=10), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('draft_days', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('approve_all', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('most_parts', sa.Integer(), nullable=False, server_default='6'))
        batch_op.add_column(sa.Column('most_days', sa.Integer(), nullable=False, server_default='90'))

    with op.batch_alter_table('dispute', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ending', sa.String(length=12), nullable=False, server_default=''))

    with op.batch_alter_table('touch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('channel', sa.String(length=10), nullable=False, server_default='email'))
        batch_op.add_column(sa.Column('approval_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_touch_approval_id_approval'), 'approval', ['approval_id'], ['id'])

    with op.batch_alter_table('touch_invoice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rung', sa.Integer(), nullable=True))

