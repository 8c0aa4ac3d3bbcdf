"""The gateway's secrets: from the environment or from files, never from the settings.

    token                 PAYMENT_GATEWAY_TOKEN, or the file gateway.token_file
    client key's password PAYMENT_GATEWAY_CLIENT_KEY_PASSWORD, or the file
                          gateway.tls.client_key_password_file

They are held in a type that shows itself as stars only.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from bot.errors import GatewayError
from bot.gateway_settings import (
    CLIENT_KEY_PASSWORD_VARIABLE,
    GATEWAY_TOKEN_VARIABLE,
    GatewaySettings,
)
from bot.secret_files import read_secret

_HEADER_TEXT = re.compile(r"[\x21-\x7e]{1,4096}")
_NONE = SecretStr("")


@dataclass(frozen=True, slots=True)
class Credentials:
    """token: a bearer token, Stripe's secret key, or what {token} stands for in an XML request."""

    token: SecretStr = _NONE
    client_key_password: SecretStr = _NONE


def read_credentials(
    settings: GatewaySettings, environment: Mapping[str, str] = os.environ
) -> Credentials:
    """Raises GatewayError, which names the file or the variable and shows nothing of a secret."""
    token = read_secret(
        "gateway.token_file",
        settings.token_file,
        GATEWAY_TOKEN_VARIABLE,
        environment,
        GatewayError,
    )
    if token.get_secret_value() and not _HEADER_TEXT.fullmatch(token.get_secret_value()):
        where = settings.token_file or GATEWAY_TOKEN_VARIABLE
        raise GatewayError(
            f"{where}: a token is printable ASCII without spaces, on one line; this one is not"
        )
    password = read_secret(
        "gateway.tls.client_key_password_file",
        settings.tls.client_key_password_file,
        CLIENT_KEY_PASSWORD_VARIABLE,
        environment,
        GatewayError,
    )
    return Credentials(token, password)


def simulated_credentials() -> Credentials:
    """For our own simulator: a token that nobody else knows. A real one stays at home."""
    return Credentials(SecretStr(f"sk_test_{secrets.token_hex(16)}"))
