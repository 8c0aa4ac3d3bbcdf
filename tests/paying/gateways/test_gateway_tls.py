"""TLS to the gateway, against real servers on loopback with certificates made here."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from paying_doubles import a_request
from pydantic import SecretStr

from bot.errors import GatewayError
from bot.gateway_settings import GatewayKind, GatewaySettings, TlsSettings
from bot.money import Money
from bot.paying.gateway import OutcomeUnknown
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.kinds import open_gateway
from bot.paying.gateways.tls import tls_context

CARD = "4929173560829143"
TOKEN = Credentials(SecretStr("sk_test_token"))
KINDS: tuple[GatewayKind, ...] = ("rest", "xml", "stripe")


@dataclass
class Server:
    """What a server that answers everything with 503 got to see."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@asynccontextmanager
async def tls_server(context: ssl.SSLContext) -> AsyncIterator[Server]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peercert") or {}
        try:
            seen.clients.append(str(peer.get("subject", "")))
            seen.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    seen = Server(f"https://localhost:{server.sockets[0].getsockname()[1]}")
    try:
        yield seen
    finally:
        server.close()
        await server.wait_closed()


async def outcome(
    url: str,
    tls: TlsSettings,
    kind: GatewayKind = "rest",
    credentials: Credentials = TOKEN,
) -> str:
    """The text of the error that a charge comes to; with its kind before it."""
    settings = GatewaySettings(kind=kind, url=url, tls=tls)
    async with open_gateway(settings, credentials) as gateway:
        with pytest.raises(GatewayError) as caught:
            await gateway.charge(a_request(number=CARD), "attempt-1")
    assert CARD not in str(caught.value)
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_gateway_that_a_trusted_authority_vouches_for_is_talked_to(
    authority: trustme.CA, ca_file: str, kind: GatewayKind
) -> None:
    async with tls_server(server_context(authority.issue_cert("localhost"))) as server:
        said = await outcome(server.url, TlsSettings(ca_file=ca_file), kind)
    # Stripe is told the card first; without that no money was asked for.
    assert said.startswith("NothingTaken" if kind == "stripe" else "OutcomeUnknown")
    assert "503" in said
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_gateway_that_nobody_trusted_vouches_for_gets_nothing(
    authority: trustme.CA, kind: GatewayKind, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    async with tls_server(server_context(authority.issue_cert("localhost"))) as server:
        for tls in (TlsSettings(), TlsSettings(ca_file=str(other))):
            said = await outcome(server.url, tls, kind)
            assert said.startswith("NothingTaken")
            assert "gateway.tls.ca_file" in said
    assert server.requests == []


@pytest.mark.parametrize(
    ("certificate", "advice"),
    [
        ({"identities": ["elsewhere.example"]}, "for another name; check gateway.url"),
        ({"identities": ["localhost"], "days": -1}, "has expired; the gateway has to renew it"),
    ],
)
async def test_a_certificate_that_is_not_right_is_refused_and_the_error_says_what_to_do(
    authority: trustme.CA, ca_file: str, certificate: dict[str, object], advice: str
) -> None:
    identities = certificate["identities"]
    assert isinstance(identities, list)
    not_after = datetime.now(UTC) - timedelta(days=1) if "days" in certificate else None
    issued = authority.issue_cert(
        *identities, not_before=datetime(2000, 1, 1, tzinfo=UTC), not_after=not_after
    )
    async with tls_server(server_context(issued)) as server:
        said = await outcome(server.url, TlsSettings(ca_file=ca_file))
    assert said.startswith("NothingTaken")
    assert advice in said
    assert server.requests == []


@pytest.mark.parametrize(
    ("minimum", "offered", "is_refused"),
    [
        ("1.2", ssl.TLSVersion.TLSv1_1, True),
        ("1.2", ssl.TLSVersion.TLSv1_2, False),
        ("1.3", ssl.TLSVersion.TLSv1_2, True),
        ("1.3", ssl.TLSVersion.TLSv1_3, False),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_a_tls_version_below_the_minimum_is_refused(
    authority: trustme.CA,
    ca_file: str,
    minimum: Literal["1.2", "1.3"],
    offered: ssl.TLSVersion,
    is_refused: bool,
) -> None:
    context = server_context(authority.issue_cert("localhost"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = offered
    tls = replace(TlsSettings(ca_file=ca_file), minimum_version=minimum)
    async with tls_server(context) as server:
        said = await outcome(server.url, tls)
    assert ("gateway.tls.minimum_version" in said) is is_refused
    assert (server.requests == []) is is_refused


# -- the client's own certificate ----------------------------------------------------------------


@pytest.fixture
def identity(authority: trustme.CA, tmp_path: Path) -> TlsSettings:
    """A client certificate whose key is encrypted."""
    issued = authority.issue_cert("voicebot.example", common_name="voicebot.example")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    plain = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"pass word"),
        )
    )
    authority_file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(authority_file)
    return TlsSettings(
        ca_file=str(authority_file), client_certificate=str(certificate), client_key=str(key)
    )


def asking_for_a_certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = server_context(authority.issue_cert("localhost"))
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize("kind", KINDS)
async def test_the_client_certificate_is_shown_where_the_gateway_asks_for_it(
    authority: trustme.CA, identity: TlsSettings, kind: GatewayKind
) -> None:
    credentials = replace(TOKEN, client_key_password=SecretStr("pass word"))
    async with tls_server(asking_for_a_certificate(authority)) as server:
        assert "503" in await outcome(server.url, identity, kind, credentials)
    assert "voicebot.example" in server.clients[0]


async def test_a_gateway_that_gets_no_client_certificate_is_told_of_with_what_to_do(
    authority: trustme.CA, ca_file: str
) -> None:
    """With a plain socket: asyncio's servers hang up without the alert that real ones send."""
    context = asking_for_a_certificate(authority)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> str:
            connection, _ = listener.accept()
            with context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            ) as wrapped:
                with pytest.raises(ssl.SSLError) as caught:
                    wrapped.do_handshake()
                wrapped.shutdown(socket.SHUT_WR)  # after the alert
                while wrapped.recv(4096):
                    pass
                return str(caught.value.reason)

        served = asyncio.create_task(asyncio.to_thread(refuse))
        url = f"https://localhost:{listener.getsockname()[1]}"
        said = await outcome(url, TlsSettings(ca_file=ca_file))
        assert await served == "PEER_DID_NOT_RETURN_A_CERTIFICATE"
    assert "gateway.tls.client_certificate" in said


@pytest.mark.parametrize("password", ["", "wrong"])
def test_an_encrypted_key_needs_its_password_and_never_asks_the_terminal(
    identity: TlsSettings, password: str
) -> None:
    credentials = Credentials(client_key_password=SecretStr(password))
    with pytest.raises(GatewayError, match="PAYMENT_GATEWAY_CLIENT_KEY_PASSWORD") as caught:
        tls_context(identity, credentials)
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ca_file": "nowhere.pem"}, r"gateway\.tls\.ca_file = 'nowhere\.pem': cannot be read"),
        ({"ca_file": "payment.toml"}, r"gateway\.tls\.ca_file = .*holds no certificate"),
        ({"client_certificate": "nowhere.pem"}, r"client_certificate = .*cannot be read"),
        ({"client_key": "nowhere.pem"}, r"client_key = .*cannot be read"),
        ({"client_certificate": ""}, r"client_key is set without"),
        ({"client_certificate": "payment.toml"}, "cannot be used"),
    ],
)
def test_files_that_cannot_be_used_are_named_by_their_setting(
    identity: TlsSettings, change: dict[str, Any], message: str
) -> None:
    credentials = Credentials(client_key_password=SecretStr("pass word"))
    with pytest.raises(GatewayError, match=message):
        tls_context(replace(identity, **change), credentials)


def test_a_key_of_another_certificate_is_refused(authority: trustme.CA, tmp_path: Path) -> None:
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    authority.issue_cert("one.example").cert_chain_pems[0].write_to_path(certificate)
    authority.issue_cert("two.example").private_key_pem.write_to_path(key)
    settings = TlsSettings(client_certificate=str(certificate), client_key=str(key))
    with pytest.raises(GatewayError, match="belongs to another certificate"):
        tls_context(settings, Credentials())


def test_the_keys_of_a_connection_are_never_written_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ca_file: str
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    for settings in (TlsSettings(), TlsSettings(ca_file=ca_file)):
        assert tls_context(settings, Credentials()).keylog_filename is None


# -- unencrypted ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_plain_http_to_another_machine_is_refused_unless_a_setting_says_so(
    kind: GatewayKind,
) -> None:
    settings = GatewaySettings(kind=kind, url="http://gateway.example/")
    with pytest.raises(GatewayError, match=r"allow_plain_http = true"):
        open_gateway(settings, TOKEN)
    await open_gateway(replace(settings, allow_plain_http=True), TOKEN).aclose()


async def test_a_look_up_in_plain_http_is_refused_as_well() -> None:
    settings = GatewaySettings(kind="xml", url="https://gateway.example/")
    xml = replace(settings.xml, look_up_url="http://gateway.example/")
    with pytest.raises(GatewayError, match=r"gateway\.xml\.look_up_url.*allow_plain_http"):
        open_gateway(replace(settings, xml=xml), TOKEN)


async def test_a_look_up_over_a_connection_that_is_not_trusted_settles_nothing(
    authority: trustme.CA,
) -> None:
    async with tls_server(server_context(authority.issue_cert("localhost"))) as server:
        for kind in KINDS:
            async with open_gateway(GatewaySettings(kind=kind, url=server.url), TOKEN) as gateway:
                with pytest.raises(OutcomeUnknown, match=r"gateway\.tls\.ca_file"):
                    await gateway.look_up("attempt-1", Money(8750))
    assert server.requests == []
