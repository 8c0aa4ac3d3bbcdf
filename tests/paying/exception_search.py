"""What a debugger, or a traceback that shows locals, could get out of an exception."""

from __future__ import annotations

from pathlib import Path
from types import FrameType

import httpx


def everything_in(error: BaseException | None) -> str:
    """The texts, attributes and locals of an exception and of all that led to it."""
    text: list[str] = []
    while error is not None:
        text.append(repr(error) + str(vars(error)))
        trace = error.__traceback__
        while trace is not None:
            if not _is_of_the_tests(trace.tb_frame):
                text += [_deep(value) for value in trace.tb_frame.f_locals.values()]
            trace = trace.tb_next
        error = error.__cause__ or error.__context__
    return "\n".join(text)


def _deep(value: object) -> str:
    if isinstance(value, httpx.Request):
        return repr(value.content)
    return repr(value) + repr(getattr(value, "__dict__", ""))


def _is_of_the_tests(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(Path(__file__).parent)
