"""TLS to the gateway: always verified, never older than the settings allow.

Sources: RFC 8446 (1.3), RFC 9325 (1.2 and what is too old), PCI DSS 4.0.1 4.2.1 (strong
cryptography for card numbers over networks).
"""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from bot.errors import GatewayError
from bot.gateway_settings import CLIENT_KEY_PASSWORD_VARIABLE, TlsSettings
from bot.paying.gateways.credentials import Credentials
from bot.project import ROOT

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def tls_context(settings: TlsSettings, credentials: Credentials) -> ssl.SSLContext:
    """What a connection to the gateway must be like. Raises GatewayError naming the setting."""
    context = httpx.create_ssl_context(trust_env=False) if not settings.ca_file else _own(settings)
    context.minimum_version = _VERSIONS[settings.minimum_version]
    # SSLKEYLOGFILE would have Python write down what decrypts the card data.
    context.keylog_filename = None  # type: ignore[assignment]
    if settings.client_certificate:
        _show_who_we_are(context, settings, credentials)
    elif settings.client_key:
        raise GatewayError(
            "gateway.tls.client_key is set without gateway.tls.client_certificate: name both"
        )
    return context


def why_not_connected(error: BaseException) -> str:
    """What a failed connection means for the person at the keyboard, and what to do about it."""
    cause = _tls_cause(error)
    if cause is None:
        return (
            f"no connection to the gateway ({type(error).__name__}); check gateway.url and the "
            "network"
        )
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _why_not_trusted(cause)
    return _why_no_tls(cause)


def why_answer_lost(error: BaseException) -> str:
    """The same for one that was lost later. In TLS 1.3 a client's certificate is judged after the
    client has begun to send."""
    cause = _tls_cause(error)
    if cause is None:
        return f"the gateway's answer was lost ({type(error).__name__})"
    return f"the gateway's answer was lost; {_why_no_tls(cause)}"


def _tls_cause(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _own(settings: TlsSettings) -> ssl.SSLContext:
    path = _existing("gateway.tls.ca_file", settings.ca_file)
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise GatewayError(
            f"gateway.tls.ca_file = {settings.ca_file!r}: holds no certificate in PEM format"
        ) from None


def _show_who_we_are(
    context: ssl.SSLContext, settings: TlsSettings, credentials: Credentials
) -> None:
    certificate = _existing("gateway.tls.client_certificate", settings.client_certificate)
    key = _existing("gateway.tls.client_key", settings.client_key) if settings.client_key else None
    password = credentials.client_key_password.get_secret_value()
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, lambda: password)
    except (OSError, ValueError) as error:
        raise GatewayError(_why_no_client_certificate(error)) from None


def _why_no_client_certificate(error: Exception) -> str:
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return "gateway.tls.client_key belongs to another certificate than client_certificate"
    return (
        "gateway.tls.client_certificate and client_key cannot be used: both are PEM files, and "
        f"an encrypted key needs the right password in {CLIENT_KEY_PASSWORD_VARIABLE} or in the "
        "file gateway.tls.client_key_password_file"
    )


def _existing(key: str, path: str) -> Path:
    full = ROOT / Path(path).expanduser()
    try:
        with full.open("rb"):
            return full
    except OSError as error:
        raise GatewayError(f"{key} = {path!r}: cannot be read ({error.strerror})") from None


_CERTIFICATE_ADVICE = {
    10: "its certificate has expired; the gateway has to renew it",
    9: "its certificate is not valid yet; check this machine's clock",
    62: "its certificate is for another name; check gateway.url",
    64: "its certificate is for another address; check gateway.url",
}
"""By OpenSSL's X509_V_ERR_… number."""


def _why_not_trusted(error: ssl.SSLCertVerificationError) -> str:
    advice = _CERTIFICATE_ADVICE.get(
        error.verify_code,
        "its certificate is signed by nobody this machine trusts; if that is right, name the "
        "signing authority: gateway.tls.ca_file",
    )
    return f"the gateway could not prove who it is: {advice} (OpenSSL: {error.verify_message})"


def _why_no_tls(error: ssl.SSLError) -> str:
    reason = error.reason or type(error).__name__
    if "VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        advice = (
            "it offers no TLS version that gateway.tls.minimum_version allows; the gateway has to "
            "be updated"
        )
    elif "ALERT" in reason or "EOF" in reason:
        advice = (
            "it broke the connection off; it may offer no TLS version that "
            "gateway.tls.minimum_version allows, or ask for a client certificate: "
            "gateway.tls.client_certificate"
        )
    else:
        advice = "what answers at gateway.url does not speak TLS as it should"
    return f"no secure connection to the gateway: {advice} (OpenSSL: {reason})"
