"""What a debugger, or a traceback that shows locals, could get out of an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

from bot.charges import ChargeRequest
from bot.paying.gateway import Gateway


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


async def cancelled_while_it_is_sent(
    gateway: Callable[[Callable[[httpx.Request], Any]], AbstractAsyncContextManager[Gateway]],
    request: ChargeRequest,
) -> asyncio.CancelledError:
    """What a charge ends with whose caller is cancelled when the gateway has the card. gateway:
    an adapter whose requests a handler answers."""
    number = request.card.reveal()
    sending = asyncio.Event()

    async def hang(sent: httpx.Request) -> httpx.Response:
        assert number.encode() in sent.content
        sending.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with gateway(hang) as adapter:
        task = asyncio.create_task(adapter.charge(request, "attempt-1"))
        await sending.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    return caught.value


def _deep(value: object) -> str:
    if isinstance(value, httpx.Request):
        return repr(value.content)
    return repr(value) + repr(getattr(value, "__dict__", ""))


def _is_of_the_tests(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(Path(__file__).parent)
