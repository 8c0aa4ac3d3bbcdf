"""`serve` as people start and stop it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from command_line import run, start
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bot.cli.app import app
from bot.transports.browser import CloseCode

PATIENCE_SECONDS = 300


@contextmanager
def started(*options: str, out: Path) -> Iterator[subprocess.Popen[str]]:
    """`serve` on any port, without Rasa; ended where the test has not."""
    with start("serve", "--no-rasa", "--port", "0", "--out", str(out), *options) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    """The one it prints when it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"Open (http://\S+) to call", line):
            return found.group(1)
    raise AssertionError(f"never ready: {process.stderr.read() if process.stderr else ''}")


def test_it_serves_a_call_and_told_to_end_lets_it_come_to_its_end(tmp_path: Path) -> None:
    with started(out=tmp_path) as process:
        url = address(process)
        with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
            assert client.get("/ready").json()["ready"] is True
            assert "Payment line" in client.get("/").text
            call = client.post("/api/calls", json={"amount": "87.50"}).json()
            with connect(url.replace("http", "ws") + "phone", proxy=None) as phone:
                hello = {"type": "hello", "version": 1, "token": call["token"], "rate": 8000}
                phone.send(json.dumps(hello))
                assert json.loads(phone.recv(PATIENCE_SECONDS))["call"] == call["call"]
                process.send_signal(signal.SIGTERM)
                while client.get("/ready").status_code == 200:
                    phone.send(bytes(320))
                assert "about to end" in client.get("/ready").json()["why"]
                phone.send(json.dumps({"type": "hang_up"}))
                messages = [m for m in phone if isinstance(m, str)]
                assert json.loads(messages[-1])["result"]["status"] == "caller-hung-up"
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert "1 under way" in out
    assert "no call was cut off" in out
    assert call["token"] not in (tmp_path / "logs/bot.log").read_text("utf-8")
    assert (tmp_path / "live" / call["call"] / "result.json").exists()


@contextmanager
def began(url: str, **beginning: Any) -> Iterator[tuple[ClientConnection, dict[str, Any]]]:
    """A connection of the phone page, and the first that it was told."""
    with connect(f"{url.replace('http', 'ws')}phone", proxy=None, ping_interval=None) as phone:
        phone.send(json.dumps({"version": 1, "rate": 8000} | beginning))
        yield phone, json.loads(phone.recv(PATIENCE_SECONDS))


def resumes(ready: dict[str, Any]) -> dict[str, Any]:
    return {"type": "resume", "call": ready["call"], "secret": ready["secret"], "told": 0}


KEYED = {
    "amount": "1",
    "card_number": "4242424242424242",
    "expiry": "0429",
    "security_code": "123",
    "postal_code": "90210#",
}


def paid_by_keys(phone: ClientConnection) -> dict[str, Any]:
    """At a line's pace, each answer as soon as its question begins; what the page is told last."""
    due, step = monotonic(), ""
    while True:
        if (now := monotonic()) >= due:
            phone.send(bytes(320))
            due += 0.02
        try:
            message = phone.recv(max(0.0, due - now))
        except TimeoutError:
            continue
        if isinstance(message, bytes):
            continue
        told: dict[str, Any] = json.loads(message)
        if told["type"] == "ended":
            return told
        if told["type"] != "happened":
            continue
        if told["details"].get("state") == "entering":
            step, keys = told["text"], KEYED.get(told["text"], "")
        else:
            # The yes that pays counts once what is paid was heard to its end.
            keys = "1" if step == "confirmation" and told["kind"] == "prompt" else ""
        for key in keys:
            phone.send(json.dumps({"type": "key", "key": key}))


def test_workers_share_a_port_and_one_that_dies_takes_only_its_own_call_along(
    tmp_path: Path,
) -> None:
    with started("--workers", "2", out=tmp_path) as process, ExitStack() as stack:
        url = address(process)
        # Each request on a connection of its own: they go to one worker and the other.
        get = partial(httpx.get, trust_env=False, timeout=PATIENCE_SECONDS)
        post = partial(httpx.post, trust_env=False, timeout=PATIENCE_SECONDS)
        prepared = [post(f"{url}api/calls", json={"amount": "87.50"}).json() for _ in range(2)]
        (_, lost_line), (_, line) = [
            stack.enter_context(began(url, type="hello", token=call["token"])) for call in prepared
        ]
        states = [get(f"{url}api/calls/{call['call']}").json() for call in prepared * 2]
        assert [state["state"] for state in states] == ["under_way"] * 4
        metrics = get(f"{url}metrics").text
        assert 'voicebot_calls_under_way{transport="browser"} 2.0' in metrics
        assert "voicebot_processes 2.0" in metrics
        assert get(f"{url}ready").json()["calls"] == 2

        log = [json.loads(line) for line in (tmp_path / "logs/bot.log").read_text().splitlines()]
        holder = {line["call"]: line["worker"] for line in log if line["event"] == "call_taken"}
        assert sorted(holder.values()) == [1, 2]
        doomed = holder[prepared[0]["call"]]
        pids = {line["worker"]: line["process"] for line in log if line["event"] == "worker_ready"}
        room = get(f"{url}ready").json()["most_calls"]
        # Whichever of the two workers gets the page that comes back, it gets its call.
        for _ in range(2):
            _, line = stack.enter_context(began(url, **resumes(line)))
        os.kill(pids[doomed], signal.SIGKILL)
        with pytest.raises(ConnectionClosed) as gone, began(url, **resumes(lost_line)):
            pass
        assert gone.value.rcvd is not None
        assert gone.value.rcvd.code == CloseCode.GONE
        phone, _ = stack.enter_context(began(url, **resumes(line)))
        ended = paid_by_keys(phone)
        assert ended["result"]["status"] == "success"
        lost, paid = (get(f"{url}api/calls/{call['call']}").json() for call in prepared)
        assert lost["state"] == "lost"
        assert (paid["state"], paid["result"]["last_four"]) == ("over", "4242")
        while get(f"{url}ready").json()["most_calls"] < room:
            pass
        metrics = get(f"{url}metrics").text
        assert 'voicebot_calls_total{result="success",transport="browser"} 1.0' in metrics
        assert 'voicebot_calls_under_way{transport="browser"} 0.0' in metrics
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert f"worker {doomed} has died" in out
    assert "no call was cut off" in out
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())
    logged = (tmp_path / "logs/bot.log").read_text("utf-8")
    assert "exception" not in logged
    assert not any(call["token"] in logged for call in prepared)


def test_a_port_that_is_taken_is_one_line_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = run("serve", "--port", port, "--out", str(tmp_path))
    assert ended.status == 2
    assert f"127.0.0.1:{port}: something else listens there" in ended.told
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_a_port_that_cannot_be_is_refused_in_words(port: str) -> None:
    ended = CliRunner().invoke(app, ["serve", "--port", port])
    assert ended.exit_code == 2
    assert "--port" in ended.output


def test_a_server_for_other_machines_needs_the_apis_key(tmp_path: Path) -> None:
    ended = run("serve", "--host", "0.0.0.0", "--out", str(tmp_path))  # noqa: S104
    assert ended.status == 2
    assert "PAYMENT_VOICEBOT_API_KEY" in ended.told
