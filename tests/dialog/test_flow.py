"""The flow's table: calls walk by it and by nothing else, all of it, and the picture shows it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Hashable
from functools import cache
from typing import Any

import pytest
from walk import GIVEN, Caller, Found, walk

from bot.cards import Brand
from bot.dialog.events import HungUp
from bot.dialog.flow import (
    ERRORS,
    FLOW,
    JUNCTIONS,
    QUESTIONS,
    Guard,
    Junction,
    State,
    Trigger,
    Way,
    every_way,
)
from bot.dialog.picture import EVERY_QUESTION, common_ways, flow_svg
from bot.dialog.route import Route
from bot.outcomes import ErrorName, ResultName
from bot.settings import BrandSettings, PaymentSettings

Line = tuple[State | Junction, Trigger | None, Way]

MOST = 2_000
"""States of a walk; far more than there are."""

BALANCE = {"balance": GIVEN}
CALLS: dict[str, tuple[PaymentSettings, dict[str, Any]]] = {
    "everything at the end": (PaymentSettings(max_wrong_inputs=2, max_declines=2), BALANCE),
    "each field": (
        PaymentSettings(confirmation="each_field", max_wrong_inputs=2, max_declines=1),
        {"amount": GIVEN},
    ),
    "a fixed amount": (
        PaymentSettings(
            caller_may_change_amount=False,
            brands=(Brand.VISA,),
            brand={Brand.VISA: BrandSettings(security_code=False)},
            max_wrong_inputs=2,
        ),
        {"amount": GIVEN},
    ),
    "a fixed amount that cannot be paid": (
        PaymentSettings(caller_may_change_amount=False, maximum_amount="20.00"),
        {"amount": GIVEN},
    ),
    "the minimum offered": (
        PaymentSettings(
            below_minimum="offer",
            minimum_amount="50.00",
            brands=(Brand.VISA,),
            brand={Brand.VISA: BrandSettings(security_code=False, postal_code=False)},
            max_wrong_inputs=2,
        ),
        {"amount": GIVEN},
    ),
    "cards are checked": (
        PaymentSettings(
            card_check="gateway",
            brands=(Brand.VISA,),
            brand={Brand.VISA: BrandSettings(postal_code=False)},
            max_wrong_inputs=2,
        ),
        {},
    ),
    "number and expiry only": (
        PaymentSettings(
            brands=(Brand.VISA,),
            brand={Brand.VISA: BrandSettings(security_code=False, postal_code=False)},
            max_wrong_inputs=1,
        ),
        {},
    ),
}


@cache
def walked(name: str) -> tuple[dict[Hashable, Found], frozenset[Line]]:
    """The states of a call with these settings, and the ways that led to them."""
    taken: set[Line] = set()
    first = Route._first

    def watched(self: Route, start: State | Junction, *rest: Any) -> Way:
        way = first(self, start, *rest)
        taken.add((start, rest[0], way))
        return way

    settings, start = CALLS[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Route, "_first", watched)
        found = dict(walk(settings, start, MOST))
    return found, frozenset(taken)


@pytest.mark.parametrize("name", CALLS)
def test_every_state_that_is_reached_can_be_left_until_the_call_ends(name: str) -> None:
    found, _ = walked(name)
    assert len(found) < MOST
    ends = {key for key, here in found.items() if here.state is State.ENDED}
    assert ends
    leads_to_an_end = set(ends)
    while grown := {
        key
        for key, here in found.items()
        if key not in leads_to_an_end and here.leads_to & leads_to_an_end
    }:
        leads_to_an_end |= grown
    assert set(found) == leads_to_an_end
    assert all(here.leads_to for key, here in found.items() if key not in ends)


def test_every_state_of_the_flow_is_reached() -> None:
    reached = {here.state for name in CALLS for here in walked(name)[0].values()}
    assert reached == set(State)


def test_every_way_of_the_table_is_taken_and_no_other() -> None:
    taken = {line for name in CALLS for line in walked(name)[1]}
    table = set(every_way())
    # Hanging up before anything was said needs no course of a payment; see the test below.
    before = {line for line in table if line[:2] == (State.WAITING, Trigger.HUNG_UP)}
    assert [line for line in table - before if line not in taken] == []
    assert taken <= table


def test_a_call_that_ends_before_it_starts_goes_the_way_of_the_table() -> None:
    caller = Caller(PaymentSettings(), {})
    caller.tell(HungUp())
    (way,) = FLOW[State.WAITING][Trigger.HUNG_UP]
    assert caller.dialog.state is way.to
    assert caller.ended == 1


def test_every_error_of_the_payment_has_its_way() -> None:
    led = {trigger for _, trigger, _ in every_way()}
    assert {error.value for error in ErrorName} - {ErrorName.TIMEOUT} == {e.value for e in ERRORS}
    assert led >= ERRORS
    assert set(Trigger) - led == set()
    assert set(Guard) - {way.when for _, _, way in every_way()} == set()


def test_a_payment_closes_with_a_result_and_only_closing_has_one() -> None:
    for start, trigger, way in every_way():
        assert (way.to is State.CLOSING) is (way.result is not None), (start, trigger)
    results = {way.result for _, _, way in every_way() if way.result is not None}
    elsewhere = {
        ResultName.CALLER_HUNG_UP,  # ends without last words
        ResultName.NOT_IDENTIFIED,  # R7
        ResultName.INTERNAL_ERROR,  # a defect has no place in a plan
    }
    assert results == set(ResultName) - elsewhere


def test_a_caller_may_hang_up_in_every_state() -> None:
    for state in set(State) - {State.ENDED}:
        assert Trigger.HUNG_UP in FLOW[state], state


# The picture

SVG = "{http://www.w3.org/2000/svg}"


def picture() -> ET.Element:
    return ET.fromstring(flow_svg())  # noqa: S314 - our own


def drawn_ways() -> Counter[tuple[str, str, str, str, str]]:
    """From, trigger, to, guard and result of every way in the picture."""
    drawn: Counter[tuple[str, str, str, str, str]] = Counter()
    for text in picture().iter(f"{SVG}text"):
        if (start := text.get("data-from")) is None:
            continue
        by, when, result = (text.get(f"data-{name}", "") for name in ("by", "when", "result"))
        starts = sorted(QUESTIONS) if start == EVERY_QUESTION else [start]
        for state in starts:
            targets = text.get("data-to", "").split()
            if start == EVERY_QUESTION:  # "asked again" and "the field" are another for each
                ways = FLOW[State(state)][Trigger[by]]
                targets = [str(way.to) for way in ways if name_of(way) == (when, result)]
            for target in targets:
                drawn[str(state), by, target, when, result] += 1
    return drawn


def name_of(way: Way) -> tuple[str, str]:
    return way.when.name if way.when else "", way.result.value if way.result else ""


def test_the_picture_shows_every_way_of_the_table_once_and_no_other() -> None:
    expected = Counter(
        (str(start), trigger.name if trigger else "", str(way.to), *name_of(way))
        for start, trigger, way in every_way()
    )
    assert drawn_ways() == expected


def test_what_is_drawn_once_for_every_question_holds_at_each() -> None:
    common = common_ways()
    assert {Trigger.AGENT, Trigger.CANCELLED, Trigger.SILENCE, Trigger.NOT_UNDERSTOOD} <= set(
        common
    )
    for state in QUESTIONS:
        assert set(common) <= set(FLOW[state])
        assert FLOW[state][Trigger.AGENT] == common[Trigger.AGENT]


def test_every_state_and_junction_has_its_box_with_its_name_as_text() -> None:
    boxes = {g.get("id") for g in picture().iter(f"{SVG}g")}
    assert boxes == {*State, *JUNCTIONS, EVERY_QUESTION.replace(" ", "_")}


def test_no_text_of_the_picture_runs_out_of_its_box_and_no_boxes_overlap() -> None:
    root = picture()
    boxes = []
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        x, y, width, height = (float(rect.get(n, "")) for n in ("x", "y", "width", "height"))
        boxes.append((x, y, x + width, y + height))
        for text in group.iter(f"{SVG}text"):
            assert y < float(text.get("y", "")) < y + height
            # 6.6 px: the widest average of common fonts at this size.
            assert float(text.get("x", "")) + 6.6 * len(text.text or "") <= x + width + 8
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart


def test_the_picture_is_the_same_every_time_and_has_both_colour_schemes() -> None:
    assert flow_svg() == flow_svg()
    assert "prefers-color-scheme: dark" in flow_svg()
