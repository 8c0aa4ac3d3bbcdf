from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from own_logging import logging_as_before
from whole_bot import WholeRun, listening_to, run_all

from bot.logs import configure_logs
from bot.settings import load_settings


@pytest.fixture(scope="session")
def whole_run(
    rasa: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeRun]:
    url, token = rasa
    out = tmp_path_factory.mktemp("whole")
    (out / "rasa-token").write_text(token)
    settings = load_settings(
        overrides=[
            "log_level=debug",
            f"understanding.rasa_url={url}",
            f"understanding.rasa_token_file={out / 'rasa-token'}",
        ]
    )
    run = WholeRun(out, settings)
    with logging_as_before(), listening_to(run.sent_to_rasa):
        configure_logs(out / "logs" / "bot.log", "debug")
        asyncio.run(run_all(run))
        yield run
