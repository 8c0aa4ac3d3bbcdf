"""What may be told of an exception that nobody expected: its type and where it was, no message.

A message is put together from values, and nobody can say that none of them is a card's. Only a
`BotError` is written for people, and says so of itself.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING

from bot.errors import BotError

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_LED_TO = "\nThe above led to:\n\n"
_DETAILS = re.compile(r"[\n(].*", re.DOTALL)
_MOST = 20
"""Exceptions told of: groups and causes may go deep."""


def told(error: BaseException) -> str:
    """A traceback without messages, values and notes; several lines, the last without an end."""
    return _LED_TO.join(_one(each) for each in reversed(_chain(error)))


def mask_uncaught_exceptions() -> None:
    """From now on whatever nobody catches is told like this: in this thread, in others, where it
    cannot be raised, and by logging where it is not set up."""
    sys.excepthook = _except_hook
    threading.excepthook = _thread_hook
    sys.unraisablehook = _unraisable_hook
    mask_what_asyncio_logs()
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_Formatter())


def mask_what_asyncio_logs() -> None:
    """Of a task or a callback that failed it shows the arguments, and the exception's own words."""
    logging.getLogger("asyncio").addFilter(_without_details)


def _without_details(record: logging.LogRecord) -> bool:
    if record.exc_info:
        record.msg, record.args = _DETAILS.sub("", record.getMessage()), ()
    return True


def rendered(exc_info: ExcInfo) -> str:
    """For structlog."""
    return told(exc_info[1])


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, then what led to it."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain and len(chain) < _MOST:
        chain.append(following)
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)
    return chain


def _one(error: BaseException) -> str:
    lines = ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__)]
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else (f"{kind.__module__}.{kind.__qualname__}")
    )
    lines.append(f"{name}: {error}" if isinstance(error, BotError) else name)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions[:_MOST]:
            lines.append("".join(f"\n  | {line}" for line in told(inner).splitlines()))
    return "".join(lines)


def _except_hook(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    sys.stderr.write(told(error.with_traceback(trace)) + "\n")


def _thread_hook(uncaught: threading.ExceptHookArgs) -> None:
    if uncaught.exc_value is not None and not isinstance(uncaught.exc_value, SystemExit):
        name = uncaught.thread.name if uncaught.thread is not None else "?"
        sys.stderr.write(f"In thread {name}:\n{told(uncaught.exc_value)}\n")


def _unraisable_hook(unraisable: UnraisableHookArgs) -> None:
    if unraisable.exc_value is not None:
        sys.stderr.write(f"Could not be raised:\n{told(unraisable.exc_value)}\n")


class _Formatter(logging.Formatter):
    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        error = ei[1] if isinstance(ei, tuple) else None
        return told(error) if isinstance(error, BaseException) else ""
