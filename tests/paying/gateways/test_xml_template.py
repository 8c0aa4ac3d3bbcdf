"""Requests from a template: always well-formed, and never another document than was described."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bot.errors import GatewayError
from bot.paying.gateways.xml_template import XmlTemplate

NAMES = frozenset({"key", "amount", "code", "zip"})
TEXT = '<Pay key="{key}" zip="{zip}"><Sum>{amount}</Sum> and <Code>{code}</Code> more</Pay>'


def filled(text: str = TEXT, **values: str | None) -> str | None:
    given = {**dict.fromkeys(NAMES), "key": "k", "amount": "1.00", **values}
    body = XmlTemplate("gateway.xml.request", text, NAMES).filled(given)
    return None if body is None else body.decode()


@given(st.text(), st.text())
def test_no_value_can_change_the_structure_of_a_request(code: str, postal_code: str) -> None:
    body = filled(code=code, zip=postal_code)
    if body is None:  # a character that no XML document can hold
        return
    root = etree.fromstring(body.encode())
    assert [element.tag for element in root.iter()] == ["Pay", "Sum", "Code"]
    assert root.findtext("Code", "") == code
    assert root.get("zip") == postal_code


@pytest.mark.parametrize("value", ["\0", "a\x1fb", "\ufffe", "\ud800"])
def test_a_value_that_xml_cannot_hold_is_not_sent(value: str) -> None:
    assert filled(code=value, zip="90210") is None


def test_what_a_charge_has_no_value_for_is_left_out_and_the_rest_stays() -> None:
    assert filled() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Pay key="k"><Sum>1.00</Sum> and  more</Pay>'
    )
    assert "<Code>737</Code> more</Pay>" in str(filled(code="737"))


def test_an_element_that_is_left_out_takes_its_inner_elements_along() -> None:
    text = '<P k="{key}"><A>{code}<B>{amount}</B></A><C/></P>'
    assert str(filled(text)).endswith('<P k="k"><C/></P>')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not well-formed"),
        ("<Pay>", "not well-formed"),
        ("<Pay/><Pay/>", "not well-formed"),
        ("{key}", "not well-formed"),
        ('<!DOCTYPE Pay [<!ENTITY a "b">]><Pay>&a;</Pay>', "not well-formed"),
        ("<Pay>{amuont}</Pay>", r"no \{amuont\} here; did you mean amount\?"),
        ('<Pay a="{card_number}"/>', r"no \{card_number\} here"),
        ("<Pay><A/>{nothing}</Pay>", r"no \{nothing\} here"),
    ],
)
def test_a_template_that_cannot_be_right_is_told_at_the_start(text: str, message: str) -> None:
    with pytest.raises(GatewayError, match=rf"gateway\.xml\.request: .*{message}"):
        XmlTemplate("gateway.xml.request", text, NAMES)


def test_braces_that_are_no_place_stay_as_they_are() -> None:
    assert "{ } {{ {1}" in str(filled("<P>{key} { } {{ {1}</P>"))


def test_text_in_cdata_is_escaped_all_the_same() -> None:
    body = str(filled("<P><![CDATA[{key} {code}]]></P>", code="]]><x/>"))
    assert etree.fromstring(body.encode()).text == "k ]]><x/>"
