"""Whether a request or a WebSocket comes from Twilio: its signature, as Twilio's security page
describes it. HMAC-SHA1 with the account's auth token over the URL that Twilio asked for, with the
form's fields behind it, sorted by name.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def signature(auth_token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """What Twilio sends as X-Twilio-Signature. A field that is there twice counts once."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    digest = hmac.digest(auth_token.encode(), signed.encode(), "sha1")
    return base64.b64encode(digest).decode("ascii")


def is_signed(
    given: str | None, auth_token: str, url: str, form: Iterable[tuple[str, str]] = ()
) -> bool:
    """url: as Twilio was told it. Twilio signs with or without a default port, and a WebSocket's
    address with or without a slash at its end; each is accepted."""
    if not given or not auth_token:
        return False
    fields = tuple(form)
    sent = given.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(sent, signature(auth_token, spelt, fields).encode("ascii"))
        for spelt in _spellings(url)
    )


def _spellings(url: str) -> list[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    default = _DEFAULT_PORTS.get(parts.scheme)
    places = [parts.netloc]
    if parts.port is None and default is not None:
        places.append(f"{parts.netloc}:{default}")
    elif parts.port == default:
        places.append(f"[{host}]" if ":" in host else host)
    paths = [parts.path]
    if parts.scheme in {"ws", "wss"}:
        paths.append(parts.path.removesuffix("/") if parts.path.endswith("/") else parts.path + "/")
    return [
        urlunsplit(parts._replace(netloc=place, path=path)) for place in places for path in paths
    ]
