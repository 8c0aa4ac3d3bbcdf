"""What a caller hears about a decline: never that a card was stolen, lost or used for fraud."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.charges import DeclineReason
from bot.paying.gateways.declines import REASONS, reason_for

CATALOGUE = Path(__file__).parents[3] / "audio" / "prompts" / "en" / "catalogue.yml"
UNFIT = re.compile(
    r"(?i)stol|lost|fraud|theft|thief|pick.?up|capture|restrict|suspic|suspect|security.violation"
    r"|merchant.blacklist|police|block|counterfeit"
)
TELL_NOTHING = re.findall(
    r"\S+",
    """
    stolen_card lost_card fraudulent pickup_card restricted_card merchant_blacklist
    security_violation revocation_of_all_authorizations revocation_of_authorization
    stop_payment_order do_not_honor do_not_honour generic_decline call_issuer no_action_taken
    do_not_try_again testmode_decline highest_risk_level
    04 05 07 34 35 36 37 38 41 43 59 62 63 67 93 R0 R1 R3 200 202 208 209
    """,
)
"""Codes of Stripe and ISO 8583 (1987, 1993) that tell of theft, loss, fraud, or of nothing."""


def texts_of(reason: DeclineReason) -> list[str]:
    prompts = yaml.safe_load(CATALOGUE.read_text("utf-8"))["prompts"]
    return list(prompts[f"charge.declined.{reason}"])


def test_the_pattern_finds_words_that_nobody_should_hear() -> None:
    for text in ("The card was reported stolen.", "suspected fraud", "Pick up the card"):
        assert UNFIT.search(text)


@pytest.mark.parametrize("code", TELL_NOTHING)
def test_codes_of_theft_loss_and_fraud_are_told_as_a_plain_decline(code: str) -> None:
    assert reason_for(code) is DeclineReason.DECLINED
    assert reason_for(code.upper()) is DeclineReason.DECLINED


@pytest.mark.parametrize("reason", list(DeclineReason))
def test_every_reason_has_words_fit_for_a_caller(reason: DeclineReason) -> None:
    texts = texts_of(reason)
    assert len(texts) >= 2
    assert "Nothing was charged." in texts[0]
    for text in texts:
        assert not UNFIT.search(text), text


@pytest.mark.parametrize("code", sorted(REASONS))
def test_no_code_of_the_table_leads_to_words_that_nobody_should_hear(code: str) -> None:
    assert not UNFIT.search(code)
    for text in texts_of(reason_for(code)):
        assert not UNFIT.search(text)


@given(st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text(max_size=3), max_size=2)))
def test_a_code_nobody_knows_is_a_plain_decline(code: object) -> None:
    if not isinstance(code, str) or code.strip().lower() not in REASONS:
        assert reason_for(code) is DeclineReason.DECLINED


def test_every_reason_but_the_plain_one_has_a_code() -> None:
    assert set(REASONS.values()) == set(DeclineReason) - {DeclineReason.DECLINED}
