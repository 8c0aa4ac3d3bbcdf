"""What Twilio is told to do with a call: TwiML documents, as Twilio's reference describes them."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring


def stream(url: str, parameters: Mapping[str, str], after: str) -> str:
    """Connect the call to our WebSocket; when that closes, `after` is asked what comes next."""
    response = Element("Response")
    connect = SubElement(response, "Connect", action=after, method="POST")
    streaming = SubElement(connect, "Stream", url=url)
    for name, value in parameters.items():
        SubElement(streaming, "Parameter", name=name, value=value)
    return _document(response)


def busy() -> str:
    """The caller hears the busy tone; the call is not answered."""
    response = Element("Response")
    SubElement(response, "Reject", reason="busy")
    return _document(response)


def redirect(url: str) -> str:
    """The call goes on with the TwiML found there."""
    response = Element("Response")
    SubElement(response, "Redirect", method="POST").text = url
    return _document(response)


def hang_up() -> str:
    response = Element("Response")
    SubElement(response, "Hangup")
    return _document(response)


def _document(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")
