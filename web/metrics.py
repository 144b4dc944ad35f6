"""What Prometheus is told: requests as they come, and the vitals when it asks. It decides and changes nothing.

Labels are endpoints, states and kinds, never anybody's name, address or id.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from web.guards import runtime
from workflows import vitals

_NAME = "dunlin_"
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_SLOW = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class _Vitals(Collector):
    """Asked anew each time; nothing is kept."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for one in vitals.vitals(runtime()):
            names = [name for name, _ in one.labels]
            family = families.setdefault(one.name, GaugeMetricFamily(_NAME + one.name, one.what, labels=names))
            family.add_metric([value for _, value in one.labels], one.value)
        yield from families.values()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is asked when it is registered."""
        return iter(())


def register(app: Flask) -> None:
    """A registry of this app's own, and a watch on every request."""
    kept = CollectorRegistry()
    kept.register(_Vitals())
    labels = ("endpoint", "method", "status")
    app.extensions["metrics"] = kept
    app.extensions["requests"] = Histogram(
        f"{_NAME}http_request_seconds", "Requests answered.", labels, buckets=_SLOW, registry=kept
    )
    app.before_request(_begin)
    app.after_request(_end)


def registry() -> CollectorRegistry:
    """What `/metrics` prints."""
    return cast(CollectorRegistry, current_app.extensions["metrics"])


def _begin() -> None:
    g.began = time.perf_counter()  # how long it takes is no fact that anything is decided by


def _end(response: Response) -> Response:
    took = time.perf_counter() - g.get("began", time.perf_counter())
    method = request.method if request.method in _METHODS else "other"  # anybody can send any word
    what = (request.endpoint or "none", method, str(response.status_code))
    cast(Histogram, current_app.extensions["requests"]).labels(*what).observe(took)
    return response
