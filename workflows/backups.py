"""Backups of the database: taken while Dunlin serves, looked through before they count, and put back in place.

A backup knows from when it is, so that `restored` can see to what happened since. The secrets are never in it. Nothing
here decides what a restored installation may do.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import URL, func, make_url, select, text

from models import Company, Touch
from models.store import Store, alembic_config
from workflows import audit
from workflows.errors import Refusal
from workflows.restored import MARK
from workflows.runtime import Runtime

NAME, STAMP = "dunlin-{}.backup", "%Y%m%dT%H%M%SZ"
LONGEST = timedelta(hours=2)  # for a tool of PostgreSQL
KEEP_SECRETS = (
    "The secrets (DUNLIN_SECRET_KEYS and DUNLIN_INDEX_KEY, or the file `secrets` in DUNLIN_VAR) are not in it, and "
    "without them it opens nothing: keep them too, in another place."
)
_SQLITE = b"SQLite format 3\x00"
_SAYS = "INSERT INTO public.memory (name, value) VALUES "
_REVISION = "COPY public.alembic_version "
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)
# Tables, and what a library keeps beside its own: functions and types. What an extension brought stays.
_CLEAR = """DO $$ DECLARE one text; BEGIN FOREACH one IN ARRAY ARRAY(
  SELECT format('TABLE IF EXISTS public.%I', tablename) FROM pg_tables WHERE schemaname = 'public'
  UNION ALL
  SELECT 'ROUTINE IF EXISTS ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
  UNION ALL
  SELECT 'TYPE IF EXISTS ' || pg_type.oid::regtype FROM pg_type LEFT JOIN pg_class ON pg_class.oid = typrelid
    WHERE typnamespace = 'public'::regnamespace AND (typtype IN ('d', 'e') OR relkind = 'c')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
) LOOP EXECUTE 'DROP ' || one || ' CASCADE'; END LOOP; END $$"""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was looked through: when it was taken, its size, and how much is in it."""

    file: str
    taken_at: datetime
    bytes: int
    companies: int
    touches: int


def make(rt: Runtime, url: str, file: Path) -> Made:
    """Copy the database at `url` into `file` while others work on it. Refusal when the copy cannot be trusted.

    `file` appears whole or not at all. The runtime's own store is not touched.
    """
    now, part = rt.clock.now(), file.with_name(f"{file.name}.part")
    where = make_url(url)
    try:
        if where.get_backend_name() == "sqlite":
            _copy(_path(where), part, now)
            with _opened(f"sqlite:///{part}") as store:
                companies, touches = _looked_through(rt, store)
        else:
            with _opened(url) as store:
                companies, touches = _looked_through(rt, store)
            _dump(where, part, now)
        _sync(part)
        part.replace(file)
    finally:
        for left in (part, *(part.with_name(part.name + end) for end in (".lock", "-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)
    return Made(str(file), now, file.stat().st_size, companies, touches)


def nightly(rt: Runtime) -> int:
    """Where a folder is set: one more backup, and the oldest of too many goes; how many there are."""
    folder = rt.upkeep.backup_to
    if folder is None:
        return 0
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = rt.store.url.render_as_string(hide_password=False)
    make(rt, url, folder / NAME.format(rt.clock.now().strftime(STAMP)))
    kept = taken(folder)
    for old in kept[: -rt.upkeep.backups_kept]:
        old.unlink()
    return min(len(kept), rt.upkeep.backups_kept)


def taken(folder: Path) -> list[Path]:
    """The nightly backups there are, the oldest first."""
    return sorted(folder.glob(NAME.format("*")))


def newest(folder: Path) -> datetime | None:
    """When the newest of them was taken, as its name says."""
    kept = taken(folder)
    return datetime.strptime(kept[-1].name, NAME.format(STAMP)).replace(tzinfo=UTC) if kept else None


def restore(rt: Runtime, url: str, file: Path) -> str:
    """Put a backup in the place of the database at `url`, and where the old one is kept now.

    Refusal where Dunlin still runs, or the file is not a backup, or one of a newer Dunlin. Whoever opens the database
    next calls `restored.settle`, before anything else.
    """
    where = make_url(url)
    sqlite = where.get_backend_name() == "sqlite"
    if not file.is_file():
        raise Refusal(f"There is no file {file}.")
    with file.open("rb") as opened:
        if (opened.read(len(_SQLITE)) == _SQLITE) is not sqlite:
            raise Refusal(f"{file} is no backup of the kind of database that DUNLIN_DATABASE_URL names.")
    _check(*(_told_by_file(file) if sqlite else _told_by_dump(file)))
    stamp = rt.clock.now().strftime(STAMP)
    return str(_put_file(_path(where), file, stamp) if sqlite else _put_dump(rt, where, file, stamp))


def _check(revision: str, mark: str) -> None:
    known = {one.revision for one in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if not mark:
        raise Refusal("This file does not say from when it is; only what `flask backup` made can be restored.")
    if revision not in known:
        raise Refusal(f"This backup is of a newer Dunlin (tables {revision}); install that one first.")


# SQLite


def _path(where: URL) -> Path:
    if where.database in (None, "", ":memory:"):
        raise Refusal("A database in memory cannot be backed up.")
    return Path(str(where.database)).resolve()


def _copy(source: Path, part: Path, now: datetime) -> None:
    """One state of the database, whatever is written meanwhile; it says in itself from when it is."""
    if not source.is_file():
        raise Refusal(f"There is no database at {source}.")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("DELETE FROM memory WHERE name = ?", (MARK,))
        copy.execute("INSERT INTO memory (name, value) VALUES (?, ?)", (MARK, now.isoformat()))
        _sound(copy, part)


def _sound(copy: sqlite3.Connection, file: Path) -> None:
    found = [str(row[0]) for row in copy.execute("PRAGMA integrity_check")]
    if found != ["ok"] or copy.execute("PRAGMA foreign_key_check").fetchone():
        raise Refusal(f"{file} is damaged: {found[0]}. Take the backup before it, and look at the disk.")


def _told_by_file(file: Path) -> tuple[str, str]:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            _sound(copy, file)
            (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone() or ("?",)
            (mark,) = copy.execute("SELECT value FROM memory WHERE name = ?", (MARK,)).fetchone() or ("",)
    except sqlite3.DatabaseError as error:
        raise Refusal(f"{file} cannot be read as a backup ({error}).") from error
    return str(revision), str(mark)


def _put_file(database: Path, file: Path, stamp: str) -> Path:
    """The lock is held meanwhile, so that nobody serves; the old file goes aside with what belongs to it."""
    aside = database.with_name(f"{database.name}.before-{stamp}")
    part = database.with_name(f"{database.name}.part")
    with closing(Store(f"sqlite:///{database}")):
        shutil.copyfile(file, part)
        part.chmod(0o600)
        _sync(part)
        for end in ("", "-wal", "-shm"):
            if (old := database.with_name(database.name + end)).exists():
                old.replace(aside.with_name(aside.name + end))
        part.replace(database)
    return aside


def _sync(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


# PostgreSQL


def _dump(where: URL, part: Path, now: datetime) -> None:
    """SQL that makes everything anew. The mark stands at its end only: the living database never has one."""
    _tool("pg_dump", "--no-owner", "--no-privileges", f"--file={part}", f"--dbname={_address(where)}", where=where)
    part.chmod(0o600)
    with part.open("a") as written:
        written.write(f"{_SAYS}('{MARK}', '{now.isoformat()}');\n")


def _told_by_dump(file: Path) -> tuple[str, str]:
    """Revision and mark; a dump that was cut off lacks the mark, which comes last."""
    revision, before, line = "?", "", ""
    with file.open() as lines:
        for line in lines:
            revision = line.strip() if before.startswith(_REVISION) else revision
            before = line
    return revision, line.split("'")[3] if line.startswith(_SAYS) else ""


def _put_dump(rt: Runtime, where: URL, file: Path, stamp: str) -> Path:
    """What is there is dumped beside the backup first; then one transaction puts the other in its place."""
    aside = file.resolve().with_name(f"before-{stamp}.backup")
    with _opened(where.render_as_string(hide_password=False)) as store:
        with store.read() as session:
            count = session.scalar(text(_OTHERS))
        if count:
            raise Refusal(f"{count} others are connected to this database; stop Dunlin everywhere first.")
    _dump(where, aside, rt.clock.now())
    clear = ("--single-transaction", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--command={_CLEAR}")
    _tool("psql", *clear, f"--file={file}", f"--dbname={_address(where)}", where=where)
    return aside


def _address(where: URL) -> str:
    """For libpq, without the password: other people of this machine can see what a process was called with."""
    bare = URL.create("postgresql", where.username, None, where.host, where.port, where.database, where.query)
    return bare.render_as_string(hide_password=False)


def _tool(name: str, *words: str, where: URL | None = None) -> str:
    """What one of PostgreSQL's own tools prints. Refusal with its words where it fails or is not there."""
    found = shutil.which(name)
    if found is None:
        raise Refusal(f"{name} is not installed here; install the client tools of your PostgreSQL's version.")
    quiet = "-c client_min_messages=warning"  # else what it says while it does it stands before what went wrong
    env = {"LC_ALL": "C.UTF-8", "PGOPTIONS": quiet, "PGPASSWORD": str(where.password or "") if where else ""}
    done = subprocess.run(  # noqa: S603
        [found, *words], env=env, capture_output=True, text=True, check=False, timeout=LONGEST.total_seconds()
    )
    if done.returncode:
        raise Refusal(f"{name} failed: {' '.join(done.stderr.split())[:300]}")
    return done.stdout


# Both


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    with closing(Store(url)) as store:
        yield store


def _looked_through(rt: Runtime, store: Store) -> Sequence[int]:
    """Companies and touches in it. Refusal when its log does not hold."""
    broken = next(iter(audit.verify(replace(rt, store=store))), "")
    if broken:
        raise Refusal(f"The backup cannot be trusted. {broken}")
    with store.read() as session:
        return [session.scalar(select(func.count()).select_from(one)) or 0 for one in (Company, Touch)]
