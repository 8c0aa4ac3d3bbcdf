"""Where time goes: named parts of a run, each with the CPU time that is its own."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TICKS = 100.0
"""A second of CPU time in /proc/<pid>/stat (USER_HZ, 100 on every Linux)."""


@dataclass(slots=True)
class Part:
    """calls: how often. seconds: of CPU, all threads, without the parts inside it."""

    calls: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0


@dataclass(slots=True)
class Stopwatch:
    """Parts may lie inside one another, as calls do. For work that is done one piece at a time,
    in whatever thread: a recorded call's is."""

    parts: dict[str, Part] = field(default_factory=dict)
    _inside: list[list[float]] = field(default_factory=list)
    """Of each part under way, what the parts inside it took: CPU, wall."""

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        part = self.parts.setdefault(name, Part())
        self._inside.append([0.0, 0.0])
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            took = time.process_time() - cpu, time.perf_counter() - wall
            inner = self._inside.pop()
            part.calls += 1
            part.cpu_seconds += took[0] - inner[0]
            part.wall_seconds += took[1] - inner[1]
            if self._inside:
                self._inside[-1][0] += took[0]
                self._inside[-1][1] += took[1]

    def watch(self, owner: Any, function: str, name: str) -> None:
        """Every call of owner.function is part `name` from now on."""
        measured: Callable[..., Any] = getattr(owner, function)

        @functools.wraps(measured)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return measured(*args, **kwargs)

        setattr(owner, function, timed)


@dataclass(slots=True)
class StepWatch:
    """Takes the place of the progress a person sees: every step of the preparation is a part."""

    stopwatch: Stopwatch
    told: Callable[[str], None]

    def step(self, what: str) -> AbstractContextManager[None]:
        return self.stopwatch.part(what)

    def tell(self, detail: str) -> None:
        """Nobody watches."""

    def warn(self, what: str) -> None:
        self.told(what)


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """What a process has taken so far. Linux."""

    cpu_seconds: float
    peak_mib: int

    @classmethod
    def of(cls, process: int) -> ProcessCost:
        """Raises OSError when it is gone."""
        folder = Path("/proc") / str(process)
        after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks = int(after_name[11]) + int(after_name[12])
        peak = next(
            line.split()[1]
            for line in (folder / "status").read_text().splitlines()
            if line.startswith("VmHWM")
        )
        return cls(ticks / _TICKS, int(peak) // 1024)


def child_with(parent: int, argument: str) -> int | None:
    """The child process that has this argument. Linux."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            arguments = (folder / "cmdline").read_text(errors="replace").split("\0")
        except OSError:  # it ended while we looked
            continue
        if int(after_name[1]) == parent and argument in arguments:
            return int(folder.name)
    return None
