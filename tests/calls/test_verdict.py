"""A verdict says what was expected, what happened and when in the call."""

import pytest

from bot.calls.call import CallEnd
from bot.calls.scenarios.scenario import Expected
from bot.calls.scenarios.verdict import judge
from bot.money import Money
from bot.outcomes import ErrorName, PaymentResult, ResultName
from bot.records.trace import Entry, EntryKind

SUCCESS = CallEnd(PaymentResult(ResultName.SUCCESS, amount=Money(8750)))


def prompt(prompt_id: str, at: int, until: int) -> Entry:
    return Entry(at, EntryKind.PROMPT, "bot", f"text of {prompt_id}", until, {"id": prompt_id})


ENTRIES = [
    prompt("welcome", 0, 1500),
    prompt("amount.ask", 1500, 3000),
    Entry(3400, EntryKind.HEARD, "caller", "<amount> please", 4100),
    Entry(4200, EntryKind.STEP, "call", "amount", None, {"state": "done"}),
    prompt("charge.approved", 5000, 64_000),
    Entry(65_000, EntryKind.END, "call", "success"),
]


def told(expected: Expected, end: CallEnd = SUCCESS) -> list[str]:
    return [str(miss) for miss in judge(expected, end, ENTRIES, None)]


def test_what_is_not_named_is_not_checked() -> None:
    assert told(Expected(ResultName.SUCCESS)) == []


def test_another_result_is_told_with_its_reason_and_what_came_before() -> None:
    failed = PaymentResult(ResultName.TOO_MANY_FAILED_ATTEMPTS, "expiry", ErrorName.INVALID_DATE)
    end = CallEnd(failed, degraded=["Rasa is away"])
    assert told(Expected(ResultName.SUCCESS), end) == [
        "result: expected success, got too-many-failed-attempts (expiry, invalid-date, Rasa is "
        "away) at 1:05.0, after the bot said “text of charge.approved”"
    ]


def test_a_wrong_value_is_told_with_the_moment_it_was_given() -> None:
    assert told(Expected(ResultName.SUCCESS, amount="78.50")) == [
        "amount: expected 78.50, got 87.50 at 0:04.2, after the caller said “<amount> please”"
    ]


def test_a_value_that_never_came_is_told_at_the_end() -> None:
    assert told(Expected(ResultName.SUCCESS, expiry="04/29")) == [
        "expiry: expected 04/29, got nothing at 1:05.0"
    ]


def test_a_prompt_that_was_not_said_is_told_with_what_was_said_instead() -> None:
    expected = Expected(ResultName.SUCCESS, prompts=("welcome", "amount.ask", "end.goodbye"))
    assert told(expected) == [
        "prompts: expected end.goodbye after amount.ask, got charge.approved at 0:03.0, "
        "after the bot said “text of amount.ask”"
    ]


def test_prompts_count_in_the_order_they_were_said() -> None:
    (miss,) = told(Expected(ResultName.SUCCESS, prompts=("amount.ask", "welcome")))
    assert miss.startswith("prompts: expected welcome after amount.ask, got charge.approved")


def test_a_prompt_that_must_not_be_said_is_told_with_what_led_to_it() -> None:
    (miss,) = told(Expected(ResultName.SUCCESS, absent=("charge.approved",)))
    assert miss == (
        "absent: expected never charge.approved, got “text of charge.approved” at 0:05.0, "
        "after the caller said “<amount> please”"
    )


@pytest.mark.parametrize(("limit_ms", "misses"), [(800, 0), (700, 1)])
def test_waiting_too_long_is_told_with_what_was_waited_for(limit_ms: int, misses: int) -> None:
    entries = [*ENTRIES, Entry(4100, EntryKind.WAITING, "call", "", 4850)]
    expected = Expected(ResultName.SUCCESS, answered_within_ms=limit_ms)
    found = judge(expected, SUCCESS, entries, None)
    assert len(found) == misses
    if misses:
        assert str(found[0]) == (
            "answered_within_ms: expected at most 700, got 750 at 0:04.1, "
            "after the caller said “<amount> please”"
        )
