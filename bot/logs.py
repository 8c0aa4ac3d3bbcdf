"""Structured logs: one JSON object a line, from our own code and from the libraries alike.

Everything goes to a file; the console belongs to the conversation. What is logged is masked where
it is made: no function here may be relied on to find card data in a message.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Final

import structlog

from bot.errors import BotError
from bot.uncaught import mask_what_asyncio_logs, rendered

TALKATIVE: Final = {
    "filelock": logging.INFO,  # addresses in memory, at debug, in decimal digits
    "opentelemetry.util": logging.ERROR,  # repeats a header it cannot read: a key, most likely
    "opentelemetry.sdk": logging.ERROR,  # warns of every span that finds the queue full
    "httpx": logging.WARNING,  # logs every URL, and Rasa takes its token in the URL only
    "websockets": logging.INFO,  # each message, at debug: keys, sound and tokens
    "uvicorn": logging.WARNING,  # WebSockets' addresses with their query; to websockets, its logger
}
"""Libraries that say too much, and the level from which they are heard."""


def configure_logs(path: Path, level: str) -> None:
    """Log to `path`, appending; level "debug", "info", "warning" or "error".

    Raises BotError when the file cannot be written.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise BotError(
            f"{path}: the log cannot be written ({error.strerror}); name another folder: --out"
        ) from None
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            # Tracebacks name places only: messages and values may hold a card's digits.
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(rendered),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    mask_what_asyncio_logs()
    for name, least in TALKATIVE.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _LogFile(logging.FileHandler):
    """A log on a full disk says so once; logging itself would print a traceback for every line,
    and a traceback may hold a card's digits."""

    _failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not self._failed:
            self._failed = True
            error = sys.exc_info()[1]
            why = getattr(error, "strerror", None) or type(error).__name__
            sys.stderr.write(f"{self.baseFilename}: the log cannot be written ({why})\n")

    def close(self) -> None:
        try:
            super().close()
        except OSError:  # the rest of the lines, and the same full disk
            self.handleError(logging.makeLogRecord({}))
