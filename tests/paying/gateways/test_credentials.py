"""The gateway's secrets: where they come from, and that nothing shows them."""

from __future__ import annotations

import copy
import json
import logging
from pathlib import Path

import pytest

from bot.errors import GatewayError
from bot.gateway_settings import GatewaySettings, TlsSettings
from bot.paying.gateways.credentials import read_credentials, simulated_credentials

SECRET = "sk_live_4eC39HqLyjWDarjt"
TOKEN = "PAYMENT_GATEWAY_TOKEN"
PASSWORD = "PAYMENT_GATEWAY_CLIENT_KEY_PASSWORD"


def test_secrets_come_from_the_environment() -> None:
    found = read_credentials(GatewaySettings(), {TOKEN: SECRET, PASSWORD: "pass word"})
    assert found.token.get_secret_value() == SECRET
    assert found.client_key_password.get_secret_value() == "pass word"
    nothing = read_credentials(GatewaySettings(), {})
    assert nothing.token.get_secret_value() == ""


@pytest.mark.parametrize("text", [f"{SECRET}", f"{SECRET}\n", f"\ufeff{SECRET}\r\n"])
def test_secrets_come_from_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(text.encode())
    settings = GatewaySettings(
        token_file=str(path), tls=TlsSettings(client_key_password_file=str(path))
    )
    found = read_credentials(settings, {})
    assert found.token.get_secret_value() == SECRET
    assert found.client_key_password.get_secret_value() == SECRET


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("another")
    with pytest.raises(GatewayError, match=f"token_file names a file, and .*{TOKEN}") as caught:
        read_credentials(GatewaySettings(token_file=str(path)), {TOKEN: SECRET})
    assert SECRET not in str(caught.value)
    assert "another" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"", "empty"),
        (b"\n", "empty"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (b"two words", "printable ASCII without spaces"),
        (b"first\nsecond", "printable ASCII without spaces"),
        ("ключ".encode(), "printable ASCII without spaces"),
    ],
)
def test_a_file_that_holds_no_token_is_told_of_without_showing_it(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GatewayError, match=message) as caught:
        read_credentials(GatewaySettings(token_file=str(path)), {})
    assert "second" not in str(caught.value)
    assert "words" not in str(caught.value)


def test_nothing_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    credentials = read_credentials(GatewaySettings(), {TOKEN: SECRET, PASSWORD: SECRET})
    shown = f"{credentials!r} {credentials} {credentials.token} {credentials.token!r}"
    shown += f"{copy.copy(credentials)!r}"
    logging.getLogger("any").error("credentials %s %r", credentials, credentials.token)
    assert SECRET not in shown + caplog.text
    with pytest.raises(TypeError):
        json.dumps(credentials.token)


def test_the_simulator_gets_a_token_of_its_own_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real key is nothing to practise with."""
    monkeypatch.setenv(TOKEN, SECRET)
    tokens = {simulated_credentials().token.get_secret_value() for _ in range(3)}
    assert len(tokens) == 3
    assert SECRET not in tokens
