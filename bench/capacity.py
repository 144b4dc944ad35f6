"""`python -m bench capacity`: a simulated working day of 10, 100 and 1,000 companies, measured beside what
`core/capacity.py` predicts, and one line for 100,000, which nobody has run.

How many messages leave is given to the prediction: the second day after a start says little about it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from bench.capacity_run import Day, measure
from cli_capacity import limits
from core import capacity
from core.capacity import Load

# A thousand have smaller books, so that a run ends within minutes; the companies are as many as said.
LOADS = (Load(10, 10, 30, 2), Load(100, 10, 30, 2), Load(1000, 4, 8, 1))
FAR = Load(100_000)


def compared(day: Day) -> Iterator[tuple[str, float, float]]:
    """(figure, measured, predicted) of a day."""
    load = replace(day.load, messages=day.messages / day.load.companies)
    told = capacity.a_day(load)
    calls = told.calls
    yield "changes", day.calls["changes"], calls["nightly"] + calls["rounds"]
    yield "sweep", day.calls["sweep"], calls["sweep"]
    yield "door", day.calls["door"], calls["door"]
    yield "busiest hour", day.busiest, told.hour
    yield "jobs", day.jobs, told.jobs
    yield "CPU s", day.seconds, told.seconds
    yield "MB", day.bytes / 1e6, (capacity.stored(load, 0) + day.said * capacity.BYTES["message"][0]) / 1e6


def main() -> None:
    for load in LOADS:
        began = time.process_time()
        day = measure(load)
        used = time.process_time() - began
        print(f"{load}: {day.messages} messages; {used:.0f} s of processor with the pretend ledgers")
        for name, measured, predicted in compared(day):
            ratio = f"{measured / predicted:.2f}" if predicted else "-"
            print(f"  {name:<14} measured {measured:>10,.1f}  predicted {predicted:>10,.1f}  ratio {ratio}")
    print(far())


def far() -> str:
    """The line that nobody measured."""
    day, uses = capacity.a_day(FAR), capacity.uses(FAR, limits())
    first = ", then ".join(f"{one.what} ({one.share:,.1f} of what is allowed)" for one in uses[:3])
    return (
        f"{FAR.companies:,} companies (extrapolated, not measured): {sum(day.calls.values()):,.0f} calls, "
        f"{day.jobs:,.0f} jobs, {day.messages:,.0f} messages, {day.seconds:,.0f} s of processor a day, "
        f"{day.year_bytes / 1e12:.1f} TB after a year, {day.workers} workers. First breaks {first}."
    )


if __name__ == "__main__":
    main()
