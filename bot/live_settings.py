"""[live] of payment.toml: calls over a line, and the lines they come by.

No secret is a setting: Twilio's auth token is read from the environment or from a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr
from pydantic import Field as Limits
from pydantic.dataclasses import dataclass as validated

from bot.cores import CORES
from bot.errors import SettingsError
from bot.secret_files import read_secret
from bot.setting_types import STRICT, Seconds

API_KEY_VARIABLE = "PAYMENT_VOICEBOT_API_KEY"
TWILIO_TOKEN_VARIABLE = "TWILIO_AUTH_TOKEN"  # noqa: S105 - the variable's name, no token

CALLS_A_CORE = 2
"""With twice as many the slowest answers take more than twice as long (benchmarks/calls.py)."""


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+", value):
        raise ValueError('scheme and host, such as "https://pay.example.com", and nothing after it')
    return value


def _origin_or_none(value: str) -> str:
    return value and _origin(value)


PublicUrl = Annotated[str, AfterValidator(_origin_or_none)]
"""Scheme and host, without a path; or empty."""

WebAddress = Annotated[str, Limits(pattern=r"^(https?://\S+)?$")]

Origin = Annotated[str, AfterValidator(_origin)]
"""Scheme, host and port, as a browser sends it: "https://pay.example.com"."""


@validated(frozen=True, config=STRICT)
class TwilioSettings:
    """Calls over Twilio Media Streams. The auth token: TWILIO_AUTH_TOKEN, or a file."""

    auth_token_file: str = ""
    public_url: PublicUrl = ""
    """How Twilio reaches this server, through the proxy with TLS; empty: Twilio is not taken."""
    agent_url: WebAddress = ""
    """TwiML for callers who are to get to an agent after the payment; empty: they are hung up."""
    ivr_url: WebAddress = ""
    """The same for those who go back to the menu."""


@validated(frozen=True, config=STRICT)
class AudioSocketSettings:
    """Calls over Asterisk's AudioSocket. The protocol knows no secrets but the call's UUID and no
    encryption: for the machine itself, or a network of its own."""

    host: str = "127.0.0.1"
    port: Annotated[int, Limits(ge=0, le=65_535)] = 0
    """0: AudioSocket is not taken."""
    take_unprepared_calls: bool = False
    """A UUID that no prepared call has begins a call without parameters."""
    most_connections: Annotated[int, Limits(ge=1, le=10_000)] = 100


@validated(frozen=True, config=STRICT)
class WebSettings:
    """The API's key is no setting: it is read from the environment or from a file."""

    demo: Literal["auto", "on", "off"] = "auto"
    """Whether the page offers a demo bill. auto: where only this machine reaches it, and the
    gateway is the simulator."""
    origins: tuple[Origin, ...] = ()
    """Addresses by which a proxy makes this server reachable; from now on the API needs its key."""
    api_key_file: str = ""


@validated(frozen=True, config=STRICT)
class LiveSettings:
    """Calls over a line: `serve` and `talk`."""

    host: str = "127.0.0.1"
    port: Annotated[int, Limits(ge=0, le=65_535)] = 8080
    workers: Annotated[int, Limits(ge=1, le=64)] = 1
    """Processes behind the one port, which share Rasa."""
    hung_worker_seconds: Annotated[float, Limits(ge=5, le=600)] = 30.0
    """One whose event loop stands still so long is ended, with its calls, and started again. It is
    given no new ones long before (`bot.web.one_worker`)."""
    most_calls: Annotated[int, Limits(ge=0, le=1_000)] = 0
    """At once, in one process; 0: `CALLS_A_CORE` for each core, shared out among the workers. More
    are told that all are busy."""
    dead_line_seconds: Seconds = 10.0
    """Without any sound from the other end, until the caller counts as gone; on the phone page
    not before `reconnect_seconds`."""
    reconnect_seconds: Annotated[float, Limits(ge=0, le=120)] = 20.0
    """How long a call from the phone page keeps its place when its connection breaks; 0: it ends
    with its connection."""
    longest_call_minutes: Annotated[int, Limits(ge=1, le=240)] = 30
    drain_seconds: Seconds = 60.0
    """How long calls may go on when the server is told to end."""
    telemetry: Literal["off", "otlp"] = "off"
    """Whether each call is told to an OpenTelemetry collector (`bot.calls.live.telemetry`)."""
    twilio: TwilioSettings = field(default_factory=TwilioSettings)
    audiosocket: AudioSocketSettings = field(default_factory=AudioSocketSettings)
    web: WebSettings = field(default_factory=WebSettings)

    @property
    def calls_at_once(self) -> int:
        """In one process."""
        return self.most_calls or max(1, CALLS_A_CORE * CORES // self.workers)


def twilio_auth_token(
    settings: TwilioSettings, environment: Mapping[str, str] = os.environ
) -> SecretStr:
    """Empty where there is none. Raises SettingsError for a file that cannot be read, and for half
    of what signatures need."""
    key = "live.twilio.auth_token_file"
    token = read_secret(
        key, settings.auth_token_file, TWILIO_TOKEN_VARIABLE, environment, SettingsError
    )
    if bool(token.get_secret_value()) != bool(settings.public_url):
        raise SettingsError(
            "Twilio signs with its auth token what it asks of a URL: both are needed, "
            f"live.twilio.public_url and the token ({TWILIO_TOKEN_VARIABLE}, or a file named by "
            f"{key})"
        )
    return token
