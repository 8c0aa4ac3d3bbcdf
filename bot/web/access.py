"""Who may ask for what: names this server answers to, origins, the API's key, security headers.

A server that only its own machine reaches needs no key: whoever runs a program there may as well
run the bot. Pages of other sites must not pass for such a program, so a foreign `Origin` is refused
on every request that does something, and a foreign `Host` on all of them (a site whose name points
to 127.0.0.1 has its own name there).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.errors import SettingsError
from bot.live_settings import API_KEY_VARIABLE, LiveSettings
from bot.secret_files import read_secret

_log = structlog.get_logger(__name__)

_SHORTEST_KEY = 16

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Access:
    """origins: addresses by which a proxy makes the server reachable, as a browser names them.
    private: only this machine reaches the server. api_key: hashed; None when none is needed."""

    origins: frozenset[str]
    private: bool
    api_key: bytes | None = field(repr=False)

    def knows_host(self, host: str) -> bool:
        """host: of a request, with or without its port. An address in digits is nobody's name."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:  # brackets that hold no address
            return False
        if name == "localhost" or any(urlsplit(o).hostname == name for o in self.origins):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def is_own_page(self, connection: HTTPConnection) -> bool:
        """Whether it comes from a page of ours, or from no page at all."""
        origin = connection.headers.get("origin")
        if origin is None or origin in self.origins:
            return True
        try:
            return urlsplit(origin).netloc == connection.headers.get("host")
        except ValueError:
            return False

    def has_key(self, connection: HTTPConnection) -> bool:
        if self.api_key is None:
            return True
        given = bearer_of(connection)
        return given is not None and hmac.compare_digest(_hashed(given), self.api_key)


def bearer_of(connection: HTTPConnection) -> str | None:
    """What a request brings to show who asks."""
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    return given if scheme.lower() == "bearer" else None


def access_of(live: LiveSettings, environment: Mapping[str, str] = os.environ) -> Access:
    """Raises SettingsError where a key is needed and there is none that could be one."""
    names = {*live.web.origins, live.twilio.public_url} - {""}
    private = is_loopback(live.host) and not names
    for name in sorted(names):
        if name.startswith("http:") and not is_loopback(urlsplit(name).hostname or ""):
            raise SettingsError(
                f"{name}: tokens and what callers say go there, so it has to be https://"
            )
    key = read_secret(
        "live.web.api_key_file", live.web.api_key_file, API_KEY_VARIABLE, environment, SettingsError
    ).get_secret_value()
    if not key and not private:
        way_in = " and ".join(sorted(names)) or f"live.host = {live.host!r}"
        raise SettingsError(
            f"{way_in} lets other machines in: the API then needs a key, in {API_KEY_VARIABLE} or "
            "in a file named by live.web.api_key_file"
        )
    if key and len(key) < _SHORTEST_KEY:
        raise SettingsError(
            f"the API's key has fewer than {_SHORTEST_KEY} characters; make one with: "
            "openssl rand -hex 32"
        )
    return Access(frozenset(names), private, _hashed(key) if key else None)


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


class Guarded:
    """Around the whole application: refuses foreign hosts, and WebSockets of foreign pages, which
    browsers open to any site (a form or a script of theirs the API refuses by itself); adds the
    security headers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        known = self._access.knows_host(Headers(scope=scope).get("host", ""))
        if scope["type"] == "websocket" and not (
            known and self._access.is_own_page(HTTPConnection(scope))
        ):
            _log.warning("foreign_page_refused", path=scope["path"])
            await send({"type": "websocket.close"})  # before it is accepted: HTTP 403
        elif known:
            await self._app(scope, receive, send_guarded)
        else:
            refused = PlainTextResponse(
                "This server does not answer to that name; live.web.origins lists its names.\n", 421
            )
            await refused(scope, receive, send_guarded)
