"""Work shared out among processes."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.shares import Share, share_out


def write_pieces(folder: Path, share: Share) -> None:
    for piece in share.take(range(5)):
        (folder / f"{piece}").write_text(f"{share.index}")


def fail_in_the_second(share: Share) -> None:
    sys.exit(share.index)


@given(st.integers(0, 40), st.integers(1, 8))
def test_every_piece_is_somebodys_and_nobody_elses(pieces: int, processes: int) -> None:
    shares = [Share(index, processes).take(range(pieces)) for index in range(processes)]

    assert sorted(piece for share in shares for piece in share) == list(range(pieces))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_is_done_by_however_many(jobs: int, tmp_path: Path) -> None:
    share_out(partial(write_pieces, tmp_path), jobs)

    assert sorted(path.name for path in tmp_path.iterdir()) == list("01234")


def test_a_process_that_fails_is_told_of() -> None:
    with pytest.raises(SystemExit, match="1 of 2 processes failed"):
        share_out(fail_in_the_second, 2)


def test_no_processes_are_refused() -> None:
    with pytest.raises(ValueError, match="0 processes"):
        share_out(fail_in_the_second, 0)
