"""Child processes on loopback (Rasa, the gateway simulator): started, awaited, always ended."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType

import httpx
import structlog

from bot.errors import BotError
from bot.letters import in_letters

_log = structlog.get_logger(__name__)

_STARTS = 3
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.1
_PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """A loopback TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    """Linux: the kernel ends the child even when we are killed without a chance to clean up."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


_owners_here: set[str] = set()


def new_owner() -> str:
    """A name for this process in the database, beside what is its own there."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{in_letters(secrets.token_bytes(4))}"
    _owners_here.add(owner)
    return owner


def is_gone(owner: str) -> bool:
    """Whether a `new_owner` ran on this machine and does no more.

    A guess where numbers of processes are used again: nothing that must be safe may rest on it.
    """
    host, pid, _ = owner.rsplit(":", 2)
    if host != socket.gethostname() or os.name != "posix":
        return False
    if int(pid) == os.getpid():  # in a container every start may get the same number
        return owner not in _owners_here
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Child:
    """One child process in a session of its own, its output in a log file.

    Use as an async context manager; leaving it ends the process and all it started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        keep_log: bool = False,
    ) -> None:
        """pass_fds: descriptors the child has too. keep_log: what was there is not overwritten."""
        self.name = name
        self.log = log
        self._command = list(command)
        self._cwd = cwd
        self._env = {**os.environ, **(env or {})}
        self._pass_fds = tuple(pass_fds)
        self._log_mode = "ab" if keep_log else "wb"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open(self._log_mode) as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own command lines only
                    self._command,
                    cwd=self._cwd,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=self._pass_fds,
                    preexec_fn=die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
                )
            except OSError as error:
                raise BotError(f"{self.name} cannot be started ({error.strerror})") from None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Raises BotError before `start`."""
        if self._process is None:
            raise BotError(f"{self.name} is not started")
        return self._process.pid

    async def until_it_answers(self, url: str, seconds: float) -> None:
        """Wait until GET url answers 200. Raises BotError when it ends or takes too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            while loop.time() < deadline:
                if not self.is_running:
                    raise BotError(f"{self.name} ended while starting; its log: {self.log}")
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(url)).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(_POLL_SECONDS)
        raise BotError(
            f"{self.name} did not answer within {seconds:.0f} seconds; its log: {self.log}"
        )

    def wait(self, seconds: float) -> None:
        """For an end that is near; no longer than this."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def stop(self) -> None:
        """End the process and its children: asked first, killed when it does not listen."""
        process, self._process = self._process, None
        if process is None:
            return
        for sign, patience in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                return

    async def ended(self) -> None:
        """`stop`, though the waiting for it be cancelled."""
        await asyncio.shield(asyncio.to_thread(self.stop))

    async def __aenter__(self) -> Child:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.ended()


@asynccontextmanager
async def running_server(
    on_port: Callable[[int], Child], health: str, seconds: float
) -> AsyncIterator[str]:
    """The URL of a server of our own, while the context lasts. See `started_server`."""
    child, url = await started_server(on_port, health, seconds)
    try:
        yield url
    finally:
        await child.ended()


async def started_server(
    on_port: Callable[[int], Child], health: str, seconds: float
) -> tuple[Child, str]:
    """A server of our own that answers GET `health`, and its URL.

    on_port: makes the child for a port. It binds the port a while after that was found free, and
    something else may have it by then: so a server that ends while starting is tried on another.
    Raises BotError when it does not start; then nothing is left of it.
    """
    for tries_left in range(_STARTS - 1, -1, -1):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        child = on_port(port)
        try:
            child.start()
            await child.until_it_answers(url + health, seconds)
        except BotError:
            ended_early = not child.is_running
            await child.ended()
            if not (ended_early and tries_left):
                raise
            _log.warning("start_failed", what=child.name, tries_left=tries_left)
        except BaseException:
            await child.ended()
            raise
        else:
            return child, url
    raise AssertionError("the last try raises or returns")
