"""Rates between two looks, on counts whose answer is known."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram

from app.services.monitoring.live_numbers import Counts, Watching, counts_of


def registry() -> tuple[CollectorRegistry, Counter, Histogram, Counter]:
    own = CollectorRegistry()
    requests = Counter("braid_http_requests", "-", ["method", "route", "status"], registry=own)
    seconds = Histogram("braid_http_request_duration_seconds", "-", ["route"], buckets=(0.01, 0.1, 1.0), registry=own)
    lists = Counter("braid_recommendations", "-", ["strategy", "known_user"], registry=own)
    return own, requests, seconds, lists


def test_rates_are_those_since_the_look_before() -> None:
    own, requests, seconds, lists = registry()
    watching = Watching()
    requests.labels("GET", "/recommend/{user_id}", "200").inc(100)
    first = watching.look(counts_of(own, 1000.0))
    assert (first.requests, first.p50, list(first.course)) == (0.0, None, [])
    requests.labels("GET", "/recommend/{user_id}", "200").inc(30)
    requests.labels("POST", "/interactions", "503").inc(10)
    lists.labels("personalized", "true").inc(20)
    for _ in range(40):
        seconds.labels("/recommend/{user_id}").observe(0.05)
    now = watching.look(counts_of(own, 1010.0))
    assert (now.requests, now.errors, now.lists, now.posts) == (4.0, 10.0, 2.0, 1.0)
    assert list(now.strategies) == [("personalized", 20)]
    # All between 0.01 and 0.1: halfway, and at the end.
    assert now.p50 == pytest.approx(0.055)
    assert now.p99 == pytest.approx(0.0991)
    assert (list(now.times), list(now.course)) == ([1010.0], [(4.0, 2.0, 1.0)])


def test_the_page_itself_is_not_seen_in_its_numbers() -> None:
    own, requests, _, _ = registry()
    for route in ("/console", "/console/live", "/metrics", "/health/ready", "none"):
        requests.labels("GET", route, "200").inc()
    assert counts_of(own, 0.0).requests == 0


def test_a_server_that_began_anew_has_no_negative_rates_and_a_second_look_at_once_counts_nothing() -> None:
    watching = Watching()
    watching.look(Counts(10.0, requests=500.0))
    assert watching.look(Counts(20.0, requests=5.0)).requests == 0.0
    again = watching.look(Counts(20.5, requests=9.0))
    assert len(again.course) == 1
