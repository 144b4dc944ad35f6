"""Work given to other processes through Procrastinate on PostgreSQL, and the process that does it.

The clock defers a job in the very transaction that marks the rows; a worker fetches it and does the work as the
embedded engine would. The rows claim, count and wait: a job only says for which company there is something to do, and
one too many finds nothing. Procrastinate's own retries, times and queueing locks are not used.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from procrastinate import App, JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.jobs import Job

from models.store import Store
from workflows import dispatcher, drain, sync
from workflows.runtime import Lane, Runtime, Work

log = structlog.get_logger()
WORKS = (dispatcher.BOOKING, dispatcher.SPEAKING, sync.READING)
KEPT_HOURS = 7 * 24  # jobs that broke off, for whoever looks into it; the others are deleted when they end


class Queued:
    """Gives work to the workers; this process does none."""

    def __init__(self) -> None:
        self._app = App(connector=SyncPsycopgConnector())  # never opened: it only speaks on our own connections

    def give(self, rt: Runtime, work: Work) -> int:
        with rt.store.write() as session:
            companies = work.hand_on(rt, session)
            if companies:
                ours = session.connection().connection.driver_connection
                self._app.job_manager.batch_defer_jobs([_job(work, one) for one in companies], connection=ours)
        return len(companies)

    def close(self, wait: bool = True) -> None:
        """Nothing runs here."""


def _job(work: Work, company_id: int) -> Job:
    return Job(
        id=None,
        queue=work.lane.value,
        lock=f"{work.name}:{company_id}" if work.in_turn else None,
        queueing_lock=None,
        task_name=work.name,
        task_kwargs={"company": company_id},
        priority=work.urgent,
    )


def work(rt: Runtime, threads: Mapping[Lane, int], silence: float, seconds: float) -> bool:
    """Do what is given, so many jobs of each lane at once, until this process is told to stop; whether all that was
    begun came to its end within so many `seconds`. What was only claimed is given back. Who gives no sign of life for
    `silence` seconds is dead, and loses its jobs to others.
    """
    loop = asyncio.new_event_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    return work_in(loop, told, rt, threads, silence, seconds)


def work_in(
    loop: asyncio.AbstractEventLoop,
    told: asyncio.Event,
    rt: Runtime,
    threads: Mapping[Lane, int],
    silence: float,
    seconds: float,
) -> bool:
    """The same in a loop of one's own, until it is `told`."""
    loop.set_default_executor(ThreadPoolExecutor(sum(threads.values()) + 1, "work"))
    ended = loop.run_until_complete(_work(told, rt, threads, silence, seconds))
    if ended:
        loop.close()
    return ended


async def _work(told: asyncio.Event, rt: Runtime, threads: Mapping[Lane, int], silence: float, seconds: float) -> bool:
    app = _app(rt, len(threads), silence)
    async with app.open_async():
        lanes = [asyncio.create_task(_lane(app, lane, most, silence)) for lane, most in threads.items()]
        stop = asyncio.create_task(told.wait())
        await asyncio.wait([*lanes, stop], return_when=asyncio.FIRST_COMPLETED)
        for one in (*lanes, stop):
            one.cancel()
        drain.let_go(rt)
        ended, left = await asyncio.wait(lanes, timeout=seconds)
        drain.let_go(rt)  # what a round claimed just before it was told
    for one in ended:
        if not one.cancelled():
            one.result()  # it broke off by itself, and says why
    return not left


async def _lane(app: App, lane: Lane, most: int, silence: float) -> None:
    await app.run_worker_async(
        queues=[lane.value],
        name=lane.value,
        concurrency=most,
        delete_jobs="successful",
        install_signal_handlers=False,
        fetch_job_polling_interval=1.0,
        update_heartbeat_interval=silence / 3,  # three signs before anybody takes it for dead
        stalled_worker_timeout=silence,
    )


def _app(rt: Runtime, lanes: int, silence: float) -> App:
    """The tasks by the names under which the clock defers them. Two connections, and one for each lane to listen."""
    app = App(connector=PsycopgConnector(conninfo=_address(rt.store), min_size=1, max_size=2 + lanes))
    for one in WORKS:
        app.task(name=one.name, queue=one.lane.value)(_done(rt, one))
    every = max(1, int(silence / 3))
    often = f"* * * * * */{every}" if every < 60 else "* * * * *"
    tidy = partial(_take_up, silence=silence)
    app.periodic(cron=often)(app.task(name="take_up", queue=Lane.ACT.value, priority=9, pass_context=True)(tidy))
    app.periodic(cron="17 4 * * *")(app.task(name="forget", queue=Lane.READ.value, pass_context=True)(_forget))
    return app


def _done(rt: Runtime, one: Work) -> Callable[..., None]:
    def do(company: int) -> None:
        with structlog.contextvars.bound_contextvars(job=rt.new_id(), verb=one.name):
            one.do(rt, company)

    return do


async def _take_up(context: JobContext, *, silence: float, **_when: int) -> None:
    """What a dead worker had is given to others: its locks must not stay."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=silence):
        log.warning("a job of a dead worker is given to another", work=job.task_name)
        await manager.retry_job(job)


async def _forget(context: JobContext, **_when: int) -> None:
    await context.app.job_manager.delete_old_jobs(KEPT_HOURS, include_failed=True, include_aborted=True)


def _address(store: Store) -> str:
    return store.url.set(drivername="postgresql").render_as_string(hide_password=False)
