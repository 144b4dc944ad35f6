"""The heartbeat of the clock's verbs, for health checks, figures and the doctor. Nothing is decided by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Pulse(Base):
    """One verb, over all processes. `count` is what it last counted; `failures` in a row since `well_at`, `note` the
    last one's kind.
    """

    __tablename__ = "pulse"

    name: Mapped[str] = mapped_column(String(40), unique=True)
    ran_at: Mapped[datetime]
    well_at: Mapped[datetime | None]
    count: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
