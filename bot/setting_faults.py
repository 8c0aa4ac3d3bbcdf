"""What is wrong in settings, in words for who wrote them: the key, the value, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from bot.errors import did_you_mean
from bot.gateway_settings import CLIENT_KEY_PASSWORD_VARIABLE, GATEWAY_TOKEN_VARIABLE
from bot.live_settings import API_KEY_VARIABLE, TWILIO_TOKEN_VARIABLE
from bot.secret_files import RASA_TOKEN_VARIABLE


def _elsewhere(variable: str, key: str) -> str:
    return f"put it into the environment variable {variable}, or into a file and name that: {key}"


_SECRETS_ELSEWHERE = {
    **dict.fromkeys(
        ("gateway.token", "gateway.api_key", "gateway.password", "gateway.secret",
         "gateway.xml.token", "gateway.xml.password", "gateway.stripe.api_key",
         "gateway.stripe.secret_key", "gateway.stripe.key", "gateway.stripe.token"),
        _elsewhere(GATEWAY_TOKEN_VARIABLE, "gateway.token_file"),
    ),
    **dict.fromkeys(
        ("gateway.tls.client_key_password", "gateway.tls.password", "gateway.client_key_password"),
        _elsewhere(CLIENT_KEY_PASSWORD_VARIABLE, "gateway.tls.client_key_password_file"),
    ),
    "understanding.rasa_token": _elsewhere(RASA_TOKEN_VARIABLE, "understanding.rasa_token_file"),
    "live.web.api_key": _elsewhere(API_KEY_VARIABLE, "live.web.api_key_file"),
    "live.twilio.auth_token": _elsewhere(TWILIO_TOKEN_VARIABLE, "live.twilio.auth_token_file"),
}  # fmt: skip
"""Where people would write a secret, and where it goes instead: a settings file is copied about,
and what stands on a command line every process of the machine can read."""


def explained(error: ValidationError, defaults: Mapping[str, Any]) -> list[str]:
    """A line for each fault. defaults: the whole table as it is where nothing is set."""
    lines = []
    for problem in error.errors():
        # pydantic's mark for a wrong key of a table, not a part of its name.
        key = ".".join(str(part) for part in problem["loc"] if part != "[key]")
        if key in _SECRETS_ELSEWHERE:
            lines.append(f"{key}: a secret is no setting; {_SECRETS_ELSEWHERE[key]}")
            continue
        if problem["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
            lines.append(f"{key}: no such key{_nearest_key(key, defaults)}")
            continue
        if problem["type"] == "dataclass_type":
            lines.append(f"{key}: is a table of settings; write [{key}] above them")
            continue
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "value_error" and not problem["loc"]:
            lines.append(message)
        else:
            lines.append(f"{key} = {problem['input']!r}: {message}")
    return lines


def _nearest_key(key: str, defaults: Mapping[str, Any]) -> str:
    """The key that was meant, in the same table or, where it stands in the wrong one, elsewhere."""
    *parents, name = key.split(".")
    keys = list(_keys(defaults))
    above = "".join(f"{parent}." for parent in parents)
    beside = {full.removeprefix(above).split(".")[0] for full in keys if full.startswith(above)}
    if near := did_you_mean(name, beside):
        return near.replace("mean ", f"mean {above}")
    for full in keys:
        if full.rpartition(".")[2] == name:
            return f"; did you mean {full}?"
    return "; payment.toml beside the README lists all of them"


def _keys(table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Every key, dotted; those of one brand as of any."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _keys(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"
