"""How customers pay, answer and agree."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bank_details',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('holder', sa.String(length=200), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('in_use_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_bank_details_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_details')),
    sa.UniqueConstraint('uid', name=op.f('uq_bank_details_uid'))
    )
    with op.batch_alter_table('bank_details', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bank_details_company_id'), ['company_id'], unique=False)

    op.create_table('brand',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('logo', sa.LargeBinary(), nullable=True),
    sa.Column('logo_kind', sa.String(length=20), nullable=False),
    sa.Column('colour', sa.String(length=7), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_brand_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_brand')),
    sa.UniqueConstraint('company_id', name=op.f('uq_brand_company_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_brand_uid'))
    )
    op.create_table('guarded_change',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('content_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('asked_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['asked_by_id'], ['user.id'], name=op.f('fk_guarded_change_asked_by_id_user')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_guarded_change_company_id_company')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['user.id'], name=op.f('fk_guarded_change_ended_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guarded_change')),
    sa.UniqueConstraint('uid', name=op.f('uq_guarded_change_uid'))
    )
    with op.batch_alter_table('guarded_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_guarded_change_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_guarded_change_state'), ['state'], unique=False)

    op.create_table('processor_account',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('keys_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('trouble', sa.Text(), nullable=False),
    sa.Column('in_use_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_processor_account_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_processor_account')),
    sa.UniqueConstraint('uid', name=op.f('uq_processor_account_uid'))
    )
    with op.batch_alter_table('processor_account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_processor_account_company_id'), ['company_id'], unique=False)
        batch_op.create_index('uq_processor_account_in_use', ['company_id', 'kind'], unique=True, sqlite_where=sa.text("state = 'in-use'"), postgresql_where=sa.text("state = 'in-use'"))

    op.create_table('extension',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('answer_by', sa.Date(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_extension_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_extension_company_id_company')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user.id'], name=op.f('fk_extension_decided_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extension')),
    sa.UniqueConstraint('uid', name=op.f('uq_extension_uid'))
    )
    with op.batch_alter_table('extension', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_extension_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_extension_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_extension_state'), ['state'], unique=False)

    op.create_table('feedback',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('cadence_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('about', sa.String(length=40), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_feedback_account_id_account')),
    sa.ForeignKeyConstraint(['cadence_version_id'], ['cadence_version.id'], name=op.f('fk_feedback_cadence_version_id_cadence_version')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_feedback_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feedback')),
    sa.UniqueConstraint('account_id', 'about', name=op.f('uq_feedback_account_id_about')),
    sa.UniqueConstraint('uid', name=op.f('uq_feedback_uid'))
    )
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_feedback_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_feedback_cadence_version_id'), ['cadence_version_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_feedback_company_id'), ['company_id'], unique=False)

    op.create_table('mandate',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('processor_account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('external_id', sa.String(length=100), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_mandate_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_mandate_company_id_company')),
    sa.ForeignKeyConstraint(['processor_account_id'], ['processor_account.id'], name=op.f('fk_mandate_processor_account_id_processor_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mandate')),
    sa.UniqueConstraint('processor_account_id', 'external_id', name=op.f('uq_mandate_processor_account_id_external_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_mandate_uid'))
    )
    with op.batch_alter_table('mandate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mandate_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_company_id'), ['company_id'], unique=False)

    op.create_table('contact',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('told_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_contact_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_contact_company_id_company')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user.id'], name=op.f('fk_contact_decided_by_id_user')),
    sa.ForeignKeyConstraint(['told_id'], ['told.id'], name=op.f('fk_contact_told_id_told')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact')),
    sa.UniqueConstraint('uid', name=op.f('uq_contact_uid'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_state'), ['state'], unique=False)

    op.create_table('extension_invoice',
    sa.Column('extension_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['extension_id'], ['extension.id'], name=op.f('fk_extension_invoice_extension_id_extension')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_extension_invoice_invoice_id_invoice')),
    sa.PrimaryKeyConstraint('extension_id', 'invoice_id', name=op.f('pk_extension_invoice'))
    )
    with op.batch_alter_table('extension_invoice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_extension_invoice_invoice_id'), ['invoice_id'], unique=False)

    op.create_table('sent_file',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('told_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('dispute_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('body_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sent_file_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_sent_file_company_id_company')),
    sa.ForeignKeyConstraint(['dispute_id'], ['dispute.id'], name=op.f('fk_sent_file_dispute_id_dispute')),
    sa.ForeignKeyConstraint(['told_id'], ['told.id'], name=op.f('fk_sent_file_told_id_told')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sent_file')),
    sa.UniqueConstraint('uid', name=op.f('uq_sent_file_uid'))
    )
    with op.batch_alter_table('sent_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sent_file_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sent_file_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sent_file_dispute_id'), ['dispute_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sent_file_told_id'), ['told_id'], unique=False)

    op.create_table('reversal',
    sa.Column('attempt_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('external_id', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_reversal_attempt_id_attempt')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reversal')),
    sa.UniqueConstraint('attempt_id', 'external_id', name=op.f('uq_reversal_attempt_id_external_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_reversal_uid'))
    )
    with op.batch_alter_table('reversal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reversal_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reversal_state'), ['state'], unique=False)

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('instead', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('link_generation', sa.Integer(), nullable=False, server_default='0'))

    with op.batch_alter_table('arrangement', schema=None) as batch_op:
        batch_op.add_column(sa.Column('agreed', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('answer', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('answer_by', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('total_minor', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('mandate_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_arrangement_mandate_id_mandate'), 'mandate', ['mandate_id'], ['id'])

    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('processor_account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('method', sa.String(length=10), nullable=False, server_default='card'))
        batch_op.add_column(sa.Column('instalment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('note', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('ask_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_attempt_ask_at'), ['ask_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_attempt_instalment_id'), ['instalment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_attempt_payment_reference'), ['payment_reference'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_attempt_processor_account_id_processor_account'), 'processor_account', ['processor_account_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_attempt_instalment_id_instalment'), 'instalment', ['instalment_id'], ['id'])

    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.add_column(sa.Column('part_payments', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('least_deposit', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('intervals', sa.JSON(), nullable=False, server_default='["week", "fortnight", "month"]'))
        batch_op.add_column(sa.Column('arrange_up_to_minor', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('extend_days', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('date_target', sa.String(length=10), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('ask_treatment', sa.Boolean(), nullable=False, server_default=sa.true()))

    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('owners', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('sender', schema=None) as batch_op:
        batch_op.add_column(sa.Column('successor', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.drop_constraint(batch_op.f('uq_sender_company_id'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_sender_company_id_successor'), ['company_id', 'successor'])

    with op.batch_alter_table('told', schema=None) as batch_op:
        batch_op.add_column(sa.Column('detail', sa.JSON(), nullable=False, server_default='{}'))
        batch_op.add_column(sa.Column('answer_by', sa.Date(), nullable=True))

    with op.batch_alter_table('user', schema=None) as batch_op:
        batch_op.add_column(sa.Column('owner', sa.Boolean(), nullable=False, server_default=sa.true()))

    # What running arrangements were made about: the whole of their invoices, as they stand.
    op.execute(
        """UPDATE arrangement SET total_minor = COALESCE((
            SELECT SUM(invoice.total_minor) FROM invoice
            JOIN arrangement_invoice ON arrangement_invoice.invoice_id = invoice.id
            WHERE arrangement_invoice.arrangement_id = arrangement.id), 0)"""
    )
    op.execute("UPDATE attempt SET ask_at = created_at WHERE state IN ('created', 'open')")
