"""Reading and writing at full fidelity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rows that stand already get the empty value that new ones are given by the models.
    op.create_table('call_window',
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('scope', sa.String(length=22), nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.Column('room', sa.Integer(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_window')),
    sa.UniqueConstraint('kind', 'scope', 'name', name=op.f('uq_call_window_kind_scope_name'))
    )
    op.create_table('call_count',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('purpose', sa.String(length=10), nullable=False),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.Column('metered', sa.Integer(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_call_count_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_count')),
    sa.UniqueConstraint('company_id', 'day', 'purpose', name=op.f('uq_call_count_company_id_day_purpose'))
    )
    op.create_table('dirty_row',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('entity', sa.String(length=20), nullable=False),
    sa.Column('external_id', sa.String(length=64), nullable=False),
    sa.Column('marked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_dirty_row_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dirty_row')),
    sa.UniqueConstraint('company_id', 'entity', 'external_id', name=op.f('uq_dirty_row_company_id_entity_external_id'))
    )
    op.create_table('notice',
    sa.Column('practice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_notice_company_id_company')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_notice_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('key', name=op.f('uq_notice_key')),
    sa.UniqueConstraint('uid', name=op.f('uq_notice_uid'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_practice_id'), ['practice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_state'), ['state'], unique=False)

    op.create_table('reading',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('missed', sa.Integer(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_reading_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reading'))
    )
    with op.batch_alter_table('reading', schema=None) as batch_op:
        batch_op.create_index('ix_reading_began', ['company_id', 'began_at'], unique=False)

    op.create_table('term',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('external_id', sa.String(length=64), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('rule', sa.String(length=20), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('discount_days', sa.Integer(), nullable=False),
    sa.Column('discount_points', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_term_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_term')),
    sa.UniqueConstraint('company_id', 'external_id', name=op.f('uq_term_company_id_external_id'))
    )
    op.create_table('posting',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('external_id', sa.String(length=64), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('asked_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_posting_account_id_account')),
    sa.ForeignKeyConstraint(['asked_by'], ['user.id'], name=op.f('fk_posting_asked_by_user')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_posting_company_id_company')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_posting_invoice_id_invoice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_posting')),
    sa.UniqueConstraint('uid', name=op.f('uq_posting_uid'))
    )
    with op.batch_alter_table('posting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_posting_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_posting_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_posting_invoice_id'), ['invoice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_posting_state'), ['state'], unique=False)

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('people', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('phone', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('term', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('row_read_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.add_column(sa.Column('income_choice', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('locked_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('own_reminders', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('sync_total', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('sync_failures', sa.Integer(), nullable=False, server_default='0'))

    with op.batch_alter_table('connection', schema=None) as batch_op:
        batch_op.add_column(sa.Column('load_mark', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('load_began_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('swept_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('ended_why', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('blind', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('credit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('issued', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('applied', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('read_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('grant', schema=None) as batch_op:
        batch_op.add_column(sa.Column('holder_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('client_id', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cc', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('mailed', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('shipped', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('expected', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('term', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('branding', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('pay_link', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('read_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('unreadable_row', schema=None) as batch_op:
        batch_op.add_column(sa.Column('raw_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('customer', sa.String(length=64), nullable=False, server_default=''))
        batch_op.create_index(batch_op.f('ix_unreadable_row_customer'), ['customer'], unique=False)
