"""Stopped at any moment: one line, the status a shell expects, nothing left running, nothing
half-written, and no charge forgotten."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from command_line import PAYS, half_written, left_running, start

from bot.paying.simulator.ledger import Ledger
from bot.paying.simulator.server import SimulatedGateway, server

TYPED = ("talk", "--text", "--no-rasa", "--today", "2026-11-22")
STALLS = "4000000000003105#"
"""The simulator books this card at once and answers a minute later."""
SLOW = "4000000000003204#"
"""The simulator decides on this card after four seconds."""


def wait_for(stream: Iterator[str], words: str) -> str:
    """Read until a line has these words; returns all that was read."""
    read = ""
    for line in stream:
        read += line
        if words in line:
            return read
    pytest.fail(f"{words!r} was never printed:\n{read}")


def assert_clean(folder: Path, err: str) -> None:
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert left_running(str(folder)) == []
    assert half_written(folder) == []


@pytest.mark.parametrize(
    ("sign", "status", "line"),
    [
        (signal.SIGINT, 130, "interrupted; everything that was started has been stopped"),
        (signal.SIGTERM, 143, "told to end; everything that was started has been stopped"),
    ],
)
def test_stopped_while_it_prepares(
    tmp_path: Path, sign: signal.Signals, status: int, line: str
) -> None:
    with start(*TYPED, "--out", str(tmp_path)) as process:
        assert process.stderr is not None
        err = wait_for(process.stderr, "till: the payment gateway")
        process.send_signal(sign)
        _, rest = process.communicate()
    assert process.returncode == status
    assert rest.splitlines()[-1] == line
    assert_clean(tmp_path, err + rest)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGHUP])
def test_stopped_in_the_middle_of_a_call(tmp_path: Path, sign: signal.Signals) -> None:
    with start(*TYPED, "--out", str(tmp_path)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{PAYS[0]}\n4242\n")
        process.stdin.flush()
        wait_for(process.stdout, "card number")
        process.send_signal(sign)
        process.wait()  # before its input ends: on a busy machine that would come first
        _, err = process.communicate()
    assert process.returncode == 128 + sign
    assert_clean(tmp_path, err)
    assert not list(tmp_path.glob("call.*"))
    assert not (tmp_path / "result.json").exists()


def test_nobody_reads_the_output_any_more(tmp_path: Path) -> None:
    with start(*TYPED, "--out", str(tmp_path)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{line}\n" for line in PAYS))
        process.stdin.close()
        process.stdin = None
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate()
    assert process.returncode == 141
    assert_clean(tmp_path, err)


@contextmanager
def gateway(ledger: Path) -> Iterator[str]:
    """The simulator as somebody else's server: its delays are real."""
    books = Ledger(ledger)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        running = server(SimulatedGateway(books), port)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}"
        running.should_exit = running.force_exit = True
        thread.join()
    books.close()


def states(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM charge_intents")]


def booked(ledger: Path) -> list[str]:
    with closing(sqlite3.connect(ledger)) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM entries")]


def kept_calls(database: Path) -> list[tuple[str | int | None, ...]]:
    """Of every call, first to last: status, amount in cents, what it was settled as, and how."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(
            "SELECT status, amount_minor_units, settled_status, settled_how FROM calls "
            "ORDER BY started_at"
        ).fetchall()


@contextmanager
def stopped_while_charging(out: Path, url: str, card: str) -> Iterator[subprocess.Popen[str]]:
    """A caller who pays; the charge is out, and the first signal has come."""
    with start(*TYPED, "--out", str(out), "--setting", f"gateway.url={url}") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{line}\n" for line in [PAYS[0], card, *PAYS[2:]]))
        process.stdin.flush()
        wait_for(process.stdout, "confirmation")
        while states(out / "payments.db") != ["sent"]:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        yield process


def test_stopped_while_a_charge_is_under_way_its_answer_is_awaited_told_and_kept(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    with (
        gateway(tmp_path / "books.db") as url,
        stopped_while_charging(out, url, SLOW) as process,
    ):
        _, err = process.communicate()
    assert process.returncode == 130
    assert "a charge is under way; its answer is awaited" in err
    assert "the charge of $87.50 of call " in err
    assert "was approved: the money was taken, reference " in err
    assert states(out / "payments.db") == ["approved"]
    assert kept_calls(out / "payments.db") == [("internal-error", 8750, "approved", "answer")]
    assert_clean(out, err)


def test_stopped_twice_while_a_charge_is_under_way_it_is_settled_and_told_at_the_next_start(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    with gateway(tmp_path / "books.db") as url:
        with stopped_while_charging(out, url, STALLS) as process:
            assert process.stderr is not None
            err = wait_for(process.stderr, "a charge is under way; its answer is awaited")
            while not booked(tmp_path / "books.db"):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)  # not awaited any longer
            _, rest = process.communicate()
        assert process.returncode == 130
        assert_clean(out, err + rest)
        assert states(out / "payments.db") == ["sent"]
        assert kept_calls(out / "payments.db") == [("internal-error", 8750, None, None)]
        # Hangs up at once; the charge is settled before.
        with start(*TYPED, "--out", str(out), "--setting", f"gateway.url={url}") as process:
            _, err = process.communicate("")
        assert "was approved: the money was taken, reference " in err
        assert states(out / "payments.db") == ["approved"]
        assert kept_calls(out / "payments.db") == [
            ("internal-error", 8750, "approved", "look-up"),
            ("caller-hung-up", None, None, None),
        ]
        assert_clean(out, err)


def test_two_runs_into_different_folders_do_not_know_of_each_other(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    runs: list[subprocess.Popen[str]] = [start(*TYPED, "--out", str(out)) for out in folders]
    for process, out in zip(runs, folders, strict=True):
        with process:
            _, err = process.communicate("".join(f"{line}\n" for line in PAYS))
        assert process.returncode == 0, err
        assert states(out / "payments.db") == ["approved"]
        assert (out / "result.json").exists()
