"""`serve` as people start and stop it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
from command_line import run, start
from websockets.sync.client import connect

PATIENCE_SECONDS = 300


def address(process: subprocess.Popen[str]) -> str:
    """The one it prints when it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"Open (http://\S+) to call", line):
            return found.group(1)
    raise AssertionError(f"never ready: {process.stderr.read() if process.stderr else ''}")


def test_it_serves_a_call_and_told_to_end_lets_it_come_to_its_end(tmp_path: Path) -> None:
    with start("serve", "--no-rasa", "--port", "0", "--out", str(tmp_path)) as process:
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


def test_a_port_that_is_taken_is_one_line_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = run("serve", "--port", port, "--out", str(tmp_path))
    assert ended.status == 2
    assert f"127.0.0.1:{port}: something else listens there" in ended.told
    assert "Traceback" not in ended.err


def test_a_server_for_other_machines_needs_the_apis_key(tmp_path: Path) -> None:
    ended = run("serve", "--host", "0.0.0.0", "--out", str(tmp_path))  # noqa: S104
    assert ended.status == 2
    assert "PAYMENT_VOICEBOT_API_KEY" in ended.told
