"""Which answers of an XML gateway are believed, and what a hostile one can do: nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charges import ChargeStatus, DeclineReason
from bot.errors import GatewayError
from bot.gateway_settings import XmlAnswerSettings, XmlSettings, XmlWordSettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.gateways.xml_answers import XmlAnswers
from bot.paying.gateways.xml_parser import parsed

KEY = "attempt-1"
AMOUNT = Money(8750, "USD")
APPROVED = (
    '<Answer key="attempt-1"><Status>APPROVED</Status><Amount>87.50</Amount>'
    "<Currency>USD</Currency><Reference>K7M4Q2</Reference><Code>00</Code></Answer>"
)
DECLINED = APPROVED.replace("APPROVED", "DECLINED").replace("<Reference>K7M4Q2</Reference>", "")


def charge(body: str | bytes, status: int = 200, settings: XmlSettings | None = None) -> object:
    data = body.encode() if isinstance(body, str) else body
    return XmlAnswers(settings or XmlSettings()).read_charge(status, data, KEY, AMOUNT, 0)


def look_up(body: str, status: int = 200) -> object:
    return XmlAnswers(XmlSettings()).read_look_up(status, body.encode(), KEY, AMOUNT, 0)


def declined(reason: DeclineReason) -> GatewayAnswer:
    return GatewayAnswer(ChargeStatus.DECLINED, None, reason)


def test_an_approval_for_the_very_charge_is_believed() -> None:
    expected = GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")
    assert charge(APPROVED) == expected
    assert look_up(APPROVED) == expected


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("51", DeclineReason.INSUFFICIENT_FUNDS),
        ("54", DeclineReason.EXPIRED_CARD),
        ("n7", DeclineReason.WRONG_SECURITY_CODE),
        ("43", DeclineReason.DECLINED),
        ("E17", DeclineReason.LIMIT_EXCEEDED),
        ("05", DeclineReason.NOT_PERMITTED),
        ("zzz", DeclineReason.DECLINED),
        ("", DeclineReason.DECLINED),
    ],
)
def test_a_gateways_own_codes_count_before_the_usual_ones(code: str, reason: DeclineReason) -> None:
    settings = XmlSettings(
        reasons={"e17": DeclineReason.LIMIT_EXCEEDED, "05": DeclineReason.NOT_PERMITTED}
    )
    body = DECLINED.replace("<Code>00</Code>", f"<Code>{code}</Code>")
    assert charge(body, settings=settings) == declined(reason)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("87.50", "87.51"),
        ("87.50", "87,50"),
        ("87.50", "8750"),
        ("87.50", "8.75e1"),
        ("87.50", "-87.50"),
        ("87.50", "87.501"),
        ("87.50", ""),
        ("<Amount>87.50</Amount>", ""),
        ("<Amount>87.50</Amount>", "<Amount>87.50</Amount><Amount>1.00</Amount>"),
        ("USD", "EUR"),
        ("USD", "usd"),
        ('key="attempt-1"', 'key="attempt-2"'),
        ('key="attempt-1"', ""),
        ("APPROVED", "approved"),
        ("APPROVED", "PENDING"),
        ("APPROVED", ""),
        ("<Status>APPROVED</Status>", "<Status>APPROVED</Status><Status>DECLINED</Status>"),
        ("<Status>APPROVED</Status>", "<Status>APP<!-- -->ROVED<X>X</X></Status>"),
        ("K7M4Q2", ""),
        ("K7M4Q2", "K7 M4"),
        ("Answer", "Response"),
    ],
)
def test_an_approval_that_does_not_fit_the_charge_is_not_believed(old: str, new: str) -> None:
    assert old in APPROVED
    assert isinstance(charge(APPROVED.replace(old, new)), OutcomeUnknown)
    assert isinstance(look_up(APPROVED.replace(old, new)), OutcomeUnknown)


@pytest.mark.parametrize(("text", "fits"), [("87.5", True), ("87.5000", True), (" 87.50\n", True)])
def test_an_amount_may_be_written_in_more_than_one_way(text: str, fits: bool) -> None:
    assert isinstance(charge(APPROVED.replace("87.50", text)), GatewayAnswer) is fits


def test_amounts_in_cents_are_a_setting() -> None:
    settings = XmlSettings(answer=XmlAnswerSettings(amount_unit="minor"))
    assert isinstance(charge(APPROVED.replace("87.50", "8750"), settings=settings), GatewayAnswer)
    assert isinstance(charge(APPROVED, settings=settings), OutcomeUnknown)


def test_what_an_answer_does_not_say_by_its_settings_is_not_checked() -> None:
    answer = XmlAnswerSettings(key="", amount="", currency="", reason="")
    settings = XmlSettings(answer=answer)
    body = "<Answer><Status>APPROVED</Status><Reference>K7M4Q2</Reference></Answer>"
    assert isinstance(charge(body, settings=settings), GatewayAnswer)
    assert isinstance(charge(body), OutcomeUnknown)


def test_statuses_of_look_ups_mean_nothing_in_the_answer_to_a_charge() -> None:
    for text, state in (("NOT_FOUND", KeyState.NOT_FOUND), ("IN_PROGRESS", KeyState.IN_FLIGHT)):
        body = f"<Answer><Status>{text}</Status></Answer>"
        assert look_up(body) is state
        assert isinstance(charge(body), OutcomeUnknown)
        other = f'<Answer key="attempt-2"><Status>{text}</Status></Answer>'
        assert isinstance(look_up(other), OutcomeUnknown)


def test_a_refusal_is_certain_for_a_charge_and_says_nothing_in_a_look_up() -> None:
    body = "<Answer><Status>REFUSED</Status></Answer>"
    assert isinstance(charge(body), NothingTaken)
    assert isinstance(look_up(body), OutcomeUnknown)
    other = '<Answer key="attempt-2"><Status>REFUSED</Status></Answer>'
    assert isinstance(charge(other), OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, NothingTaken), (401, NothingTaken), (429, NothingTaken), (402, OutcomeUnknown),
     (201, OutcomeUnknown), (302, OutcomeUnknown), (408, OutcomeUnknown), (409, OutcomeUnknown),
     (500, OutcomeUnknown), (503, OutcomeUnknown)],
)  # fmt: skip
def test_http_statuses_count_before_what_is_written(status: int, kind: type) -> None:
    assert isinstance(charge(APPROVED, status), kind)
    assert isinstance(look_up(APPROVED, status), OutcomeUnknown)


def test_namespaces_and_functions_of_xpath_are_understood() -> None:
    answer = XmlAnswerSettings(
        status="string(/s:Envelope/s:Body/p:Result/@code)",
        key="normalize-space(//p:Id)",
        amount="//p:Total * 1",
        amount_unit="minor",
        currency="",
        reference="concat(//p:Batch, '-', //p:Number)",
        reason="",
    )
    settings = XmlSettings(
        namespaces={"s": "http://schemas.xmlsoap.org/soap/envelope/", "p": "urn:pay"},
        answer=answer,
        words=XmlWordSettings(approved=("0",), declined=("1", "2")),
    )
    body = """
      <soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
        <soap:Body><r:Result xmlns:r="urn:pay" code="0">
          <r:Id> attempt-1 </r:Id>
          <r:Total>8750</r:Total><r:Batch>B7</r:Batch><r:Number>12</r:Number>
        </r:Result></soap:Body>
      </soap:Envelope>"""
    assert charge(body.strip(), settings=settings) == GatewayAnswer(ChargeStatus.APPROVED, "B7-12")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": XmlAnswerSettings(status="")}, r"answer\.status: empty"),
        ({"answer": XmlAnswerSettings(amount="//[")}, r"answer\.amount = '//\['"),
        ({"answer": XmlAnswerSettings(status="/x:A")}, r"answer\.status = '/x:A'.*x"),
        ({"words": XmlWordSettings(approved=("OK",), declined=("OK",))}, r"words\.declined: 'OK'"),
        ({"words": XmlWordSettings(approved=("",))}, r"words\.approved: ''"),
    ],
)
def test_settings_that_cannot_be_right_are_told_at_the_start(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(GatewayError, match=message):
        XmlAnswers(replace(XmlSettings(), **change))


# -- hostile answers -----------------------------------------------------------------------------

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Answer>",
        '<!DOCTYPE Answer SYSTEM "http://127.0.0.1:9/answer.dtd">',
        '<!DOCTYPE Answer [<!ENTITY e0 "APPROVED">]>',
        f'<!DOCTYPE Answer [<!ENTITY e0 "APPROVED">{BOMB}]>',
        '<!DOCTYPE Answer [<!ATTLIST Answer key CDATA "attempt-1">]>',
    ],
)
def test_a_document_type_is_refused_in_every_encoding(doctype: str, encoding: str) -> None:
    body = f"<?xml version='1.0' encoding='{encoding}'?>{doctype}{APPROVED}".encode(encoding)
    assert parsed(body) is None
    assert isinstance(charge(body), OutcomeUnknown)


def test_an_entity_never_reads_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("APPROVED")
    for encoding in ("utf-8", "utf-16"):
        body = (
            f"<?xml version='1.0' encoding='{encoding}'?>"
            f"<!DOCTYPE Answer [<!ENTITY e SYSTEM '{secret.as_uri()}'>]>"
            + APPROVED.replace("APPROVED", "&e;")
        )
        assert isinstance(charge(body.encode(encoding)), OutcomeUnknown)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"APPROVED",
        b"<html><body>proxy</body></html>",
        b"\xff\xfe\x00",
        APPROVED[:-1].encode(),
        (APPROVED + APPROVED).encode(),
        b"<a>" * 20_000 + b"</a>" * 20_000,
        APPROVED.replace("APPROVED", "&undefined;").encode(),
        APPROVED.replace("APPROVED", "&#0;").encode(),
    ],
)
def test_garbage_is_not_believed(body: bytes) -> None:
    assert isinstance(charge(body), OutcomeUnknown)


@given(status=st.integers(200, 599), body=st.binary(max_size=200))
def test_whatever_comes_back_nothing_is_approved_by_accident(status: int, body: bytes) -> None:
    assert isinstance(charge(body, status), NothingTaken | OutcomeUnknown)


@given(st.sets(st.integers(0, len(APPROVED) - 1), max_size=3), st.sampled_from("<>&x1/ "))
def test_a_damaged_answer_is_believed_only_when_it_says_the_same(
    places: set[int], letter: str
) -> None:
    body = "".join(letter if i in places else was for i, was in enumerate(APPROVED))
    answer = charge(body)
    if isinstance(answer, GatewayAnswer):
        assert answer.status is ChargeStatus.APPROVED


def test_an_error_repeats_nothing_of_the_body() -> None:
    secret = "4111111111111111"
    for status in (200, 400, 500):
        error = charge(APPROVED.replace("87.50", secret), status)
        assert isinstance(error, Exception)
        assert secret not in str(error)
        assert error.__traceback__ is None
        assert error.__context__ is None
