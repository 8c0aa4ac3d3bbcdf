"""The XML adapter: a customer's own gateway needs settings only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from exception_search import cancelled_while_it_is_sent, everything_in
from lxml import etree
from paying_doubles import a_request
from pydantic import SecretStr

from bot.charges import ChargeStatus, DeclineReason
from bot.errors import GatewayError
from bot.gateway_settings import GatewaySettings, XmlSettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown, RepeatedKey
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.xml import XmlGateway, semantics_of
from bot.settings import load_settings

README = Path(__file__).parents[3] / "README.md"
URL = "https://gateway.example/pay"
CARD = "4929173560829143"
KEY = "attempt-1"
AMOUNT = Money(8750, "USD")
APPROVED = (
    b'<Answer key="attempt-1"><Status>APPROVED</Status><Amount>87.50</Amount>'
    b"<Currency>USD</Currency><Reference>K7M4Q2</Reference></Answer>"
)


def gateway(
    handler: Callable[[httpx.Request], Any],
    token: str = "a-token",  # noqa: S107 - no secret
    **xml: Any,
) -> XmlGateway:
    settings = GatewaySettings(kind="xml", url=URL, xml=replace(XmlSettings(), **xml))
    return XmlGateway(
        settings, Credentials(SecretStr(token)), transport=httpx.MockTransport(handler)
    )


class Recorder:
    def __init__(self, body: bytes = APPROVED, status: int = 200) -> None:
        self.body = body
        self.status = status
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status, content=self.body)


def raising(error: type[Exception]) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        body = request.content  # kept in this frame, as httpx's own frames keep it
        raise error(f"lost {len(body)} bytes")

    return handle


async def test_a_charge_is_posted_as_the_template_has_it() -> None:
    seen = Recorder()
    async with gateway(seen) as adapter:
        answer = await adapter.charge(a_request(number=CARD), KEY)
    assert answer == GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")
    (request,) = seen.requests
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["authorization"] == "Bearer a-token"
    assert request.headers["content-type"] == "application/xml; charset=utf-8"
    root = etree.fromstring(request.content)
    assert root.get("key") == KEY
    assert root.findtext("Amount") == "87.50"
    assert root.findtext("Card/Number") == CARD
    assert dict(root.find("Card/Expiry").attrib) == {"month": "04", "year": "2029"}  # type: ignore[union-attr]
    assert root.findtext("Card/SecurityCode") == "737"
    assert root.find("Merchant") is None


async def test_headers_carry_key_and_token_and_are_left_out_without_one() -> None:
    headers = {"X-Key": "{key}", "X-Token": "t={token}", "SOAPAction": '"urn:pay#charge"'}
    for token in ("a-token", ""):
        seen = Recorder()
        async with gateway(seen, token, headers=headers) as adapter:
            await adapter.charge(a_request(), KEY)
        sent = seen.requests[0].headers
        assert sent["x-key"] == KEY
        assert sent["soapaction"] == '"urn:pay#charge"'
        assert sent.get("x-token") == ("t=a-token" if token else None)
        assert "authorization" not in sent


async def test_a_look_up_goes_to_its_own_address_and_carries_no_card() -> None:
    seen = Recorder(b"<Answer><Status>NOT_FOUND</Status></Answer>")
    url = "https://gateway.example/enquiries"
    async with gateway(seen, look_up_url=url) as adapter:
        assert await adapter.look_up(KEY, AMOUNT) is KeyState.NOT_FOUND
    (request,) = seen.requests
    assert str(request.url) == url
    assert etree.fromstring(request.content).get("key") == KEY


async def test_without_a_look_up_nothing_is_asked_and_that_is_declared() -> None:
    seen = Recorder()
    async with gateway(seen, look_up="") as adapter:
        assert adapter.semantics.can_look_up is False
        with pytest.raises(OutcomeUnknown, match="no look-up"):
            await adapter.look_up(KEY, AMOUNT)
    assert seen.requests == []


def test_what_is_declared_of_repeated_requests_comes_from_the_settings() -> None:
    semantics = semantics_of(
        XmlSettings(
            repeated_key="refused",
            key_lifetime_hours=48,
            carried_out_within_seconds=900,
            not_founds_needed=3,
            refusing_statuses=(400,),
        )
    )
    assert semantics.repeated_key is RepeatedKey.REFUSED
    assert semantics.key_lifetime_seconds == 48 * 3600
    assert semantics.final_statuses == {400}
    assert not semantics.not_found_is_final(901, 2)
    assert semantics.not_found_is_final(901, 3)
    assert semantics_of(XmlSettings()).repeated_key is RepeatedKey.TAKEN_AGAIN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"request": "<P k='{key}'>{amount}</P>"}, r"request: has no \{card_number\}"),
        ({"request": "<P k='{key}'>{card_number}</P>"}, r"has no \{amount or amount_minor_units\}"),
        ({"request": "<P>{card_number}{amount}</P>"}, r"has no \{key\}"),
        ({"look_up": "<Q>{key}{card_number}</Q>"}, r"look_up: there is no \{card_number\}"),
        ({"look_up": "<Q>"}, r"look_up: not well-formed"),
        ({"headers": {"Authorization": "Basic czNjcmV0"}}, r"a secret is no setting"),
        ({"headers": {"X": "{card_number}"}}, r"headers\.X: there is no \{card_number\}"),
        ({"headers": {"X": "a\nb"}}, r"headers\.X: printable ASCII"),
        ({"content_type": "text/xml\r\nX: y"}, r"Content-Type: printable ASCII"),
    ],
)
def test_settings_that_cannot_be_right_are_told_at_the_start(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(GatewayError, match=message) as caught:
        gateway(Recorder(), **change)
    assert "czNjcmV0" not in str(caught.value)


def test_a_token_in_the_request_must_be_there() -> None:
    request = "<P k='{key}' password='{token}'>{card_number} {amount}</P>"
    with pytest.raises(GatewayError, match="PAYMENT_GATEWAY_TOKEN"):
        gateway(Recorder(), token="", request=request)


async def test_a_value_that_xml_cannot_hold_is_never_sent() -> None:
    seen = Recorder()
    request = a_request()
    object.__setattr__(request, "postal_code", "902\x0010")
    async with gateway(seen) as adapter:
        with pytest.raises(NothingTaken, match="XML cannot hold"):
            await adapter.charge(request, KEY)
    assert seen.requests == []


async def test_an_answer_without_end_is_cut_off() -> None:
    async with gateway(Recorder(APPROVED + b" " * 70_000)) as adapter:
        with pytest.raises(OutcomeUnknown, match="no end"):
            await adapter.charge(a_request(), KEY)


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ReadError, ValueError])
async def test_a_line_lost_after_the_first_byte_leaves_the_money_open(
    error: type[Exception],
) -> None:
    async with gateway(raising(error)) as adapter:
        with pytest.raises(OutcomeUnknown):
            await adapter.charge(a_request(), KEY)
        with pytest.raises(OutcomeUnknown):
            await adapter.look_up(KEY, AMOUNT)


@pytest.mark.parametrize(
    "handler",
    [
        raising(httpx.ConnectError),
        raising(httpx.ReadError),
        raising(RuntimeError),
        Recorder(APPROVED.replace(b"87.50", CARD.encode())),
        Recorder(CARD.encode()),
        Recorder(f"<Answer>{CARD}<Answer>".encode()),
        Recorder(CARD.encode(), 500),
    ],
)
async def test_an_exception_carries_no_card_data_anywhere(
    handler: Callable[[httpx.Request], httpx.Response],
) -> None:
    async with gateway(handler) as adapter:
        with pytest.raises(GatewayError) as caught:
            await adapter.charge(a_request(number=CARD), KEY)
    assert CARD not in everything_in(caught.value)


async def test_a_bug_in_an_adapter_carries_no_card_data_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bug(*arguments: object) -> None:
        raise RuntimeError(repr(arguments))

    async with gateway(Recorder()) as adapter:
        monkeypatch.setattr(adapter._answers, "read_charge", bug)
        monkeypatch.setattr(adapter._answers, "read_look_up", bug)
        with pytest.raises(OutcomeUnknown, match="adapter: RuntimeError") as caught:
            await adapter.charge(a_request(number=CARD), KEY)
        assert CARD not in everything_in(caught.value)
        with pytest.raises(OutcomeUnknown, match="adapter: RuntimeError"):
            await adapter.look_up(KEY, AMOUNT)


async def test_a_cancelled_charge_leaves_no_card_data_in_the_cancellation() -> None:
    cancelled = await cancelled_while_it_is_sent(gateway, a_request(number=CARD))
    assert CARD not in everything_in(cancelled)


# -- the README's example ------------------------------------------------------------------------


class ExampleBank:
    """A gateway as the README's example describes it."""

    def __init__(self, code: str, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        self.names: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://pay.example.com/soap"
        assert request.headers["soapaction"] == "urn:example:pay"
        root = etree.fromstring(request.content)
        spaces = {"s": "http://schemas.xmlsoap.org/soap/envelope/", "p": "urn:example:pay"}
        assert root.xpath("string(//p:Password)", namespaces=spaces) == "s3cret"
        order = root.find(".//*[@order]")
        assert order is not None
        (body,) = root.iterchildren()
        self.names += [str(element.tag).partition("}")[2] for element in body.iterchildren()]
        if "Sale" in self.names[-1]:
            assert root.xpath("string(//p:Pan)", namespaces=spaces) == CARD
            assert root.xpath("string(//p:Expiry)", namespaces=spaces) == "0429"
            assert root.xpath("string(//p:Cents)", namespaces=spaces) == "8750"
        answer = f"""
            <e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
              <Result xmlns="urn:example:pay" order="{order.get("order", "")}">
                <Code>{self.code}</Code><Cents>8750</Cents><Receipt>R-77</Receipt>
                <Detail>{self.reason}</Detail>
              </Result>
            </e:Body></e:Envelope>"""
        return httpx.Response(200, content=answer.strip().encode())


def example() -> str:
    (block,) = re.findall(r"```toml\n(\[gateway\]\nkind = \"xml\".*?)```", README.read_text(), re.S)
    return str(block)


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        ("0", "", GatewayAnswer(ChargeStatus.APPROVED, "R-77")),
        (
            "1",
            "LOWFUNDS",
            GatewayAnswer(ChargeStatus.DECLINED, None, DeclineReason.INSUFFICIENT_FUNDS),
        ),
        ("1", "54", GatewayAnswer(ChargeStatus.DECLINED, None, DeclineReason.EXPIRED_CARD)),
        ("1", "WHAT", GatewayAnswer(ChargeStatus.DECLINED, None, DeclineReason.DECLINED)),
        ("9", "", NothingTaken),
        ("5", "", OutcomeUnknown),
    ],
)
async def test_the_example_in_the_readme_works_as_it_stands(
    tmp_path: Path, code: str, reason: str, expected: Any
) -> None:
    path = tmp_path / "payment.toml"
    path.write_text(example())
    bank = ExampleBank(code, reason)
    adapter = XmlGateway(
        load_settings(path).gateway,
        Credentials(SecretStr("s3cret")),
        transport=httpx.MockTransport(bank),
    )
    async with adapter:
        if isinstance(expected, GatewayAnswer):
            assert await adapter.charge(a_request(number=CARD), KEY) == expected
            assert await adapter.look_up(KEY, AMOUNT) == expected
            assert bank.names == ["Sale", "Find"]
        else:
            with pytest.raises(expected):
                await adapter.charge(a_request(number=CARD), KEY)
