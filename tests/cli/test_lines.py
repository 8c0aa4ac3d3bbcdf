"""Lines from a pipe or a file, as the commands that talk read them."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.lines import PipedLines, standard_input


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Ends to read from and to write to; both are closed afterwards."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue  # the test closed it


async def test_lines_come_as_they_are_written(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    lines = PipedLines(source)
    os.write(sink, b"eighty\nsev")
    assert await lines.read() == "eighty"
    reading = asyncio.create_task(lines.read())
    await asyncio.sleep(0)
    os.write(sink, "en fünfzig\r\n\n".encode())
    assert await reading == "seven fünfzig"
    assert await lines.read() == ""
    os.write(sink, b"no end")
    os.close(sink)
    assert await lines.read() == "no end"
    assert await lines.read() is None
    assert await lines.read() is None


async def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("4242#\n" + "x" * 10_000 + "\n/hangup")
    descriptor = os.open(file, os.O_RDONLY)
    lines = PipedLines(descriptor)
    assert [await lines.read() for _ in range(4)] == ["4242#", "x" * 10_000, "/hangup", None]
    os.close(descriptor)


async def test_waiting_for_a_line_can_be_given_up_and_taken_up_again(
    pipe: tuple[int, int],
) -> None:
    source, sink = pipe
    lines = PipedLines(source)
    reading = asyncio.create_task(lines.read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    os.write(sink, b"yes\n")
    assert await lines.read() == "yes"


async def test_bytes_that_are_no_text_end_nothing(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    os.write(sink, b"\xff yes\n")
    assert await PipedLines(source).read() == "\N{REPLACEMENT CHARACTER} yes"


async def test_a_program_started_without_an_input_finds_no_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert await standard_input().read() is None
