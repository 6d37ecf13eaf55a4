"""A budget is processor time: what other processes do does not shorten a search."""

import time
from threading import Thread

import numpy as np

from models.training.budget import Budget


def test_waiting_does_not_spend_a_budget() -> None:
    budget = Budget(0.3)
    time.sleep(0.4)
    assert not budget.spent


def test_work_in_any_thread_spends_a_budget() -> None:
    began = time.process_time()
    budget = Budget(0.3)

    def work() -> None:
        while not budget.spent:
            np.sort(np.random.default_rng(0).random(10_000))

    thread = Thread(target=work)
    thread.start()
    thread.join(timeout=60)
    assert budget.spent
    assert time.process_time() - began >= 0.3


def test_nothing_is_spent_at_once() -> None:
    assert Budget(0.0).spent
    assert not Budget(1e9).spent
