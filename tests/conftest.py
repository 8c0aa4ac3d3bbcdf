"""What many tests share: one Rasa for the whole run, trained when its data changed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from own_logging import logging_as_before
from xdist.scheduler import LoadScopeScheduling

from bot.settings import UnderstandingSettings
from bot.understanding.rasa_environment import prepare
from bot.understanding.rasa_server import running_rasa

# A busy machine is slow: no test is about how long something takes.
settings.register_profile("product", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("product")


MOST_WORKERS = 4
"""Each holds a recogniser and more: half a gigabyte."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One for each core where all tests run; none, so this process itself, where some are named."""
    everything = config.args == config.getini("testpaths")
    return min(os.cpu_count() or 1, MOST_WORKERS) if everything else 0


ASK_RASA = ("tests/whole/", "tests/understanding/test_rasa_live.py")


class OneWorkerAsksRasa(LoadScopeScheduling):
    """Rasa is started, and every scenario run, once in each worker that asks for it: so all such
    tests go to the same one, and begin first. (What xdist's own groups are for; 3.8 loses their
    marks under pytest 9.)"""

    def _split_scope(self, nodeid: str) -> str:
        return "asks Rasa" if nodeid.startswith(ASK_RASA) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return OneWorkerAsksRasa(config, log)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_counts() -> None:
    """A shell starts its background jobs deaf to Ctrl-C, and what they start inherits that; tests
    of it would wait for ever there."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def rasa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL and token of a real Rasa server with the model of nlu_data/."""
    prepared = prepare(UnderstandingSettings())
    loop = asyncio.new_event_loop()
    server = running_rasa(prepared, tmp_path_factory.mktemp("rasa"))
    try:
        yield loop.run_until_complete(server.__aenter__())
    finally:
        loop.run_until_complete(server.__aexit__(None, None, None))
        loop.close()


@pytest.fixture
def own_logging() -> Iterator[None]:
    """For tests that configure logs: everything is as before afterwards."""
    with logging_as_before():
        yield
