"""Terms and hand-over to an agency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('terms',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('pdf', sa.LargeBinary(), nullable=True),
    sa.Column('by_user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_terms_account_id_account')),
    sa.ForeignKeyConstraint(['by_user_id'], ['user.id'], name=op.f('fk_terms_by_user_id_user')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_terms_company_id_company')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_terms')),
    sa.UniqueConstraint('uid', name=op.f('uq_terms_uid'))
    )
    with op.batch_alter_table('terms', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_terms_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_terms_company', ['company_id', 'account_id', 'valid_from'], unique=False)

    op.create_table('handover',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('hold_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('agency', sa.String(length=200), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('file_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('file_hash', sa.String(length=64), nullable=False),
    sa.Column('prepared_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('prepared_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('released_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('uid', sa.String(length=22), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_handover_account_id_account')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_handover_company_id_company')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['user.id'], name=op.f('fk_handover_ended_by_id_user')),
    sa.ForeignKeyConstraint(['hold_id'], ['hold.id'], name=op.f('fk_handover_hold_id_hold')),
    sa.ForeignKeyConstraint(['prepared_by_id'], ['user.id'], name=op.f('fk_handover_prepared_by_id_user')),
    sa.ForeignKeyConstraint(['released_by_id'], ['user.id'], name=op.f('fk_handover_released_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handover')),
    sa.UniqueConstraint('uid', name=op.f('uq_handover_uid'))
    )
    with op.batch_alter_table('handover', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_handover_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_handover_company_id'), ['company_id'], unique=False)

    op.create_table('terms_given',
    sa.Column('terms_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('touch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_terms_given_account_id_account')),
    sa.ForeignKeyConstraint(['terms_id'], ['terms.id'], name=op.f('fk_terms_given_terms_id_terms')),
    sa.ForeignKeyConstraint(['touch_id'], ['touch.id'], name=op.f('fk_terms_given_touch_id_touch'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_terms_given')),
    sa.UniqueConstraint('terms_id', 'account_id', name=op.f('uq_terms_given_terms_id_account_id'))
    )
    with op.batch_alter_table('terms_given', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_terms_given_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_terms_given_touch_id'), ['touch_id'], unique=False)

    # Nobody could set it; a hold of cause paused says the same.
    op.drop_column('account', 'paused_until')
