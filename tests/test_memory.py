"""What a process leaves in its memory, and the search that looks for it. Linux."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from canaries import canary

from benchmarks.memory_search import Found, Pointers, Wanted, file_blocks, process_memory, search

ROOT = Path(__file__).parents[1]
CARD = canary(7)
HELD = {
    "text, 1 byte": "held = number",
    "text, 2 bytes": "held = number + chr(0x20ac)",
    "text, 4 bytes": "held = number + chr(0x1f600)",
    "values, 1 byte": "held = bytes(digits)",
    "values, 2 bytes": "held = np.array(digits, dtype=np.int16)",
    "values, 4 bytes": "held = np.array(digits, dtype=np.int32)",
    "values, 8 bytes": "held = np.array(digits, dtype=np.int64)",
    "list of numbers": "held = list(digits)",
    "list of characters": "held = list(number)",
    "words": "held = ' '.join(words[digit] for digit in digits)",
}
HELD_CODES = {
    "beside its name": "held = '{\"security_code\": \"' + code + '\"}'",
    "a text of its own": "held = [code]",
    "bytes of its own": "held = code.encode()",
    "words": "held = ' '.join(words[int(digit)] for digit in code)",
}
FREED = "held = number.encode() * {times}; held = number = None"
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WANTED = Wanted(
    CARD.number, CARD.code, CARD.spoken, " ".join(WORDS[int(digit)] for digit in CARD.code)
)


@contextmanager
def process_that(does: str, core: str = "0") -> Iterator[tuple[subprocess.Popen[str], Pointers]]:
    """A process that has done this, and waits. number, digits, code and words are there for it;
    they reach it under a disguise, and are gone afterwards unless it holds them."""
    program = f"""
import os, resource, sys
import numpy as np
import bot.memory
from benchmarks.memory_search import Pointers
import dataclasses, json
words = {WORDS!r}
def work():
    digits = [9 - int(digit) for digit in sys.argv[1]]
    number = "".join(map(str, digits))
    code = "".join(str(9 - int(digit)) for digit in sys.argv[2])
    held = None
    {does}
    return held
held = work()
print(json.dumps(dataclasses.asdict(Pointers.of_this_process())), flush=True)
sys.stdin.readline()
"""
    disguised = [str(int("9" * len(digits)) - int(digits)).zfill(len(digits))
                 for digits in (CARD.number, CARD.code)]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", program, *disguised], stdin=subprocess.PIPE, text=True,
        stdout=subprocess.PIPE, cwd=core if core != "0" else None,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield process, Pointers(
            tuple(told["numbers"]), tuple(told["characters"]),
            told["text_type"], told["bytes_type"],
        )  # fmt: skip
        process.kill()


def found_after(does: str) -> Found:
    with process_that(does) as (process, pointers):
        return search(process_memory(process.pid), WANTED, pointers)


@pytest.mark.parametrize(("form", "does"), HELD.items(), ids=HELD.keys())
def test_a_number_in_memory_is_found_however_it_is_written(form: str, does: str) -> None:
    found = found_after(does)
    assert found.number[form] >= 1
    assert CARD.number[:8] not in "".join(found.around), "what is shown of it hides digits"


@pytest.mark.parametrize(("form", "does"), HELD_CODES.items(), ids=HELD_CODES.keys())
def test_a_code_in_memory_is_found_beside_its_name_and_alone(form: str, does: str) -> None:
    assert found_after(does).code[form] >= 1


@pytest.mark.parametrize("times", [20, 5_000])
def test_what_is_freed_is_found_until_it_is_overwritten(times: int) -> None:
    """Of Python's own small blocks, and of malloc's."""
    freed = FREED.format(times=times)
    assert sum(found_after(freed).number.values()) >= 1, "else there was nothing to overwrite"
    mended = f"bot.memory.overwrite_what_is_freed(); {freed}; digits = code = None; "
    mended += "bot.memory.overwrite_small_free_blocks()"
    found = found_after(mended)
    assert (found.number.total(), found.code.total()) == (0, 0)


def core_of(does: str, folder: Path) -> tuple[int, list[Path]]:
    """The exit status of a process that crashes, and the core dumps it leaves."""
    allow = "resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2); "
    with process_that(allow + does, core=str(folder)) as (process, _):
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = status
    return status, list(folder.glob("core*"))


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY,
    reason="this machine allows no core dumps",
)
def test_a_crash_leaves_no_core_dump_unless_it_is_allowed(tmp_path: Path) -> None:
    for name in ("allowed", "refused"):
        (tmp_path / name).mkdir()
    status, cores = core_of(
        "bot.memory.keep_private(core_dumps=True); " + HELD["text, 1 byte"], tmp_path / "allowed"
    )
    assert os.WCOREDUMP(status), "else nothing is refused below"
    for core in cores:  # elsewhere when the machine pipes them into a program
        assert search(file_blocks(core), WANTED).number.total() >= 1
        core.unlink()
    status, cores = core_of(
        "bot.memory.keep_private(core_dumps=False); " + HELD["text, 1 byte"], tmp_path / "refused"
    )
    assert os.WIFSIGNALED(status)
    assert not os.WCOREDUMP(status)
    assert cores == []
