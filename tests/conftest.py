"""What many tests share: one Rasa for the whole run, trained when its data changed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from own_logging import logging_as_before

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


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs Rasa goes to one worker, for it is started once in each that asks for it."""
    for item in items:
        if "rasa" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("rasa"))


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
