from __future__ import annotations

from collections.abc import Iterator

import pytest
from whole_bot import WholeRun, whole_run_of


@pytest.fixture(scope="session")
def whole_run(
    rasa: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeRun]:
    url, token = rasa
    out = tmp_path_factory.mktemp("whole")
    (out / "rasa-token").write_text(token)
    overrides = [
        "log_level=debug",
        f"understanding.rasa_url={url}",
        f"understanding.rasa_token_file={out / 'rasa-token'}",
    ]
    with whole_run_of(out, overrides) as run:
        yield run
