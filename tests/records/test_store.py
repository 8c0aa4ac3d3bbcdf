from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sample_call
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, inspect, text

from bot.cards import Brand
from bot.charges import ChargeOutcome, ChargeStatus
from bot.database import open_database
from bot.errors import StoreError
from bot.money import Money
from bot.outcomes import CallType, Destination, ErrorName, PaymentResult, ResultName
from bot.records.result import Settlement
from bot.records.store import Store
from bot.records.tables import metadata
from bot.records.trace import Entry, EntryKind

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAID = PaymentResult(
    ResultName.SUCCESS,
    reference="NW-7Q4K",
    amount=Money(8750),
    brand=Brand.VISA,
    last_four="1111",
    corrections_by_rasa=("expiry",),
)
UNKNOWN = PaymentResult(ResultName.OUTCOME_UNKNOWN, amount=Money(8750))
TAKEN = ChargeOutcome(ChargeStatus.APPROVED, "attempt", reference="NW-7Q4K")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path}/calls.db")
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)


def test_a_finished_call_is_read_back_as_it_was_written(store: Store) -> None:
    store.begin_call(
        "one", NOON, CallType.AUTOMATED, "C-17", merchant_id="M1", payment_reference="bill 9"
    )
    store.add_segments("one", sample_call.ENTRIES[:30])
    store.add_segments("one", sample_call.ENTRIES[30:])
    store.finish_call("one", PAID, 83_400, Destination.HANG_UP, ["rasa"])

    call = store.call("one")
    assert call is not None
    assert call.payment is not None
    assert call.started_at == NOON
    assert call.started_at.tzinfo is UTC
    assert (call.call_type, call.customer_id) == (CallType.AUTOMATED, "C-17")
    assert (call.merchant_id, call.payment_reference, call.language) == ("M1", "bill 9", "en")
    assert call.payment == PAID
    assert (call.duration_ms, call.hand_over) == (83_400, Destination.HANG_UP)
    assert call.degradations == ("rasa",)
    assert call.settled is None
    assert store.segments("one") == sample_call.ENTRIES


@pytest.mark.parametrize("status", ResultName)
def test_every_result_is_kept(store: Store, status: ResultName) -> None:
    bare = PaymentResult(status)
    full = PaymentResult(
        status, "why", ErrorName.TIMEOUT, "R1", Money(500, "JPY"), Brand.JCB, "0000", ("amount",)
    )
    for call_id, result in (("bare", bare), ("full", full)):
        store.begin_call(call_id, NOON, CallType.TRANSFER)
        store.finish_call(call_id, result, 1)
        call = store.call(call_id)
        assert call is not None
        assert call.payment == result


def test_a_call_that_crashed_in_the_middle_is_still_there(engine: Engine, tmp_path: Path) -> None:
    store = Store(engine)
    store.begin_call("crashed", NOON, CallType.AUTOMATED)
    store.add_segments("crashed", sample_call.ENTRIES[:5])
    with engine.connect() as connection:  # a write under way when the power went
        connection.execute(text("UPDATE calls SET status = 'success'"))
    engine.dispose()

    reopened = open_database(f"sqlite:///{tmp_path}/calls.db")
    call = Store(reopened).call("crashed")
    assert call is not None
    assert call.payment is None
    assert call.payment is None
    assert Store(reopened).segments("crashed") == sample_call.ENTRIES[:5]
    reopened.dispose()


def test_times_of_any_zone_come_back_as_the_same_moment(store: Store) -> None:
    far_east = NOON.astimezone(timezone(timedelta(hours=9)))
    store.begin_call("east", far_east, CallType.AUTOMATED)
    call = store.call("east")
    assert call is not None
    assert call.started_at == NOON
    assert call.started_at.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        store.begin_call("x", NOON.replace(tzinfo=None), CallType.AUTOMATED)
    store.begin_call("x", NOON, CallType.AUTOMATED)
    with pytest.raises(ValueError, match="time zone"):
        store.settle("x", TAKEN, NOON.replace(tzinfo=None))


def test_recent_gives_the_latest_calls_first(store: Store) -> None:
    for minute in (2, 0, 3, 1):
        store.begin_call(f"call {minute}", NOON + timedelta(minutes=minute), CallType.AUTOMATED)
    assert [call.call_id for call in store.recent(3)] == ["call 3", "call 2", "call 1"]
    assert len(store.recent(99)) == 4


def test_an_unknown_call_is_not_there(store: Store) -> None:
    assert store.call("nobody") is None
    assert store.segments("nobody") == ()
    assert store.recent(5) == ()


def test_what_belongs_to_no_call_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not in the records"):
        store.add_segments("nobody", sample_call.ENTRIES)
    with pytest.raises(StoreError, match="not in the records"):
        store.finish_call("nobody", PAID, 1)
    with pytest.raises(StoreError, match="not in the records"):
        store.settle("nobody", TAKEN, NOON)


def test_a_call_begins_once_and_is_finished_once(store: Store) -> None:
    store.begin_call("once", NOON, CallType.AUTOMATED)
    with pytest.raises(StoreError, match="already in the records"):
        store.begin_call("once", NOON, CallType.AUTOMATED)
    store.finish_call("once", PAID, 10)
    with pytest.raises(StoreError, match="already finished"):
        store.finish_call("once", PaymentResult(ResultName.INTERNAL_ERROR), 20)
    call = store.call("once")
    assert call is not None
    assert call.payment == PAID


def test_an_unknown_outcome_is_settled_beside_what_the_caller_was_told(store: Store) -> None:
    store.begin_call("lost", NOON, CallType.AUTOMATED)
    store.finish_call("lost", UNKNOWN, 10)
    settled_at = NOON + timedelta(minutes=5)
    store.settle("lost", TAKEN, settled_at)

    call = store.call("lost")
    assert call is not None
    assert call.payment == UNKNOWN
    assert call.settled == Settlement(ChargeStatus.APPROVED, "NW-7Q4K", "look-up")
    assert call.settled_at == settled_at


def test_a_charge_may_be_settled_though_its_call_crashed(store: Store) -> None:
    store.begin_call("crashed", NOON, CallType.AUTOMATED)
    store.settle("crashed", TAKEN, NOON)
    call = store.call("crashed")
    assert call is not None
    assert call.payment is None
    assert call.settled is not None


def test_settling_again_changes_nothing_and_a_contradiction_is_refused(store: Store) -> None:
    store.begin_call("lost", NOON, CallType.AUTOMATED)
    store.settle("lost", TAKEN, NOON)
    store.settle("lost", TAKEN, NOON + timedelta(hours=1))
    with pytest.raises(StoreError, match="settled as approved and cannot become declined"):
        store.settle("lost", ChargeOutcome(ChargeStatus.DECLINED, "attempt"), NOON)
    call = store.call("lost")
    assert call is not None
    assert call.settled_at == NOON


def test_an_outcome_that_is_still_unknown_settles_nothing(store: Store) -> None:
    store.begin_call("lost", NOON, CallType.AUTOMATED)
    with pytest.raises(StoreError, match="settles nothing"):
        store.settle("lost", ChargeOutcome(ChargeStatus.UNKNOWN, "attempt"), NOON)


def test_segments_are_written_all_or_none(store: Store) -> None:
    store.begin_call("one", NOON, CallType.AUTOMATED)
    with pytest.raises(StoreError):
        store.add_segments(
            "one",
            [
                Entry(0, EntryKind.PROMPT, "bot", "Welcome."),
                Entry(1, EntryKind.HEARD, "caller", "4111111111111111"),
            ],
        )
    assert store.segments("one") == ()
    store.add_segments("one", [])


@pytest.mark.parametrize(
    "leak",
    [
        lambda s, pan: s.begin_call(pan, NOON, CallType.AUTOMATED),
        lambda s, pan: s.begin_call("new", NOON, CallType.AUTOMATED, pan),
        lambda s, pan: s.begin_call("new", NOON, CallType.AUTOMATED, payment_reference=pan),
        lambda s, pan: s.add_segments("one", [Entry(0, EntryKind.HEARD, "caller", pan)]),
        lambda s, pan: s.add_segments("one", [Entry(0, EntryKind.HEARD, pan)]),
        lambda s, pan: s.add_segments(
            "one", [Entry(0, EntryKind.STEP, "call", details={"digits": int(pan)})]
        ),
        lambda s, pan: s.add_segments(
            "one", [Entry(0, EntryKind.STEP, "call", details={pan: True})]
        ),
        lambda s, pan: s.finish_call("one", PaymentResult(ResultName.DECLINED, reason=pan), 1),
        lambda s, pan: s.finish_call("one", PAID, 1, None, [pan]),
        lambda s, pan: s.settle("one", TAKEN, NOON, pan),
    ],
)
def test_a_card_number_gets_in_by_no_door(store: Store, tmp_path: Path, leak: object) -> None:
    pan = "4000056655665556"
    store.begin_call("one", NOON, CallType.AUTOMATED)
    with pytest.raises(StoreError) as refusal:
        leak(store, pan)  # type: ignore[operator]
    assert "looks like a card number" in str(refusal.value)
    assert not any(pan[i : i + 5] in str(refusal.value) for i in range(len(pan) - 4))
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"one" in kept  # the search can find what is there
    assert pan.encode() not in kept


def test_a_reference_that_looks_like_a_card_number_costs_no_payment_its_record(
    store: Store, tmp_path: Path
) -> None:
    pan = "4000056655665556"
    store.begin_call("one", NOON, CallType.AUTOMATED)
    store.add_segments(
        "one",
        [
            Entry(0, EntryKind.CHARGE, "gateway", details={"reference": pan}),
            Entry(
                0, EntryKind.PROMPT, "bot", f"Your reference is {pan}.",
                details={"id": "charge.approved"},
            ),
        ],
    )  # fmt: skip
    store.finish_call("one", PaymentResult(ResultName.SUCCESS, reference=pan), 1)
    store.settle("one", ChargeOutcome(ChargeStatus.APPROVED, "a", reference=pan), NOON)
    store.settle("one", ChargeOutcome(ChargeStatus.APPROVED, "a", reference=pan), NOON)
    call = store.call("one")
    assert call is not None
    assert call.payment is not None
    assert call.payment.reference == "…5556"
    charge, prompt = store.segments("one")
    assert charge.details["reference"] == "…5556"
    assert prompt.text == "Your reference is …5556."
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert pan.encode() not in kept


def test_a_database_that_does_not_answer_is_a_store_error(engine: Engine, store: Store) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE calls"))
    with pytest.raises(StoreError, match=r"OperationalError.*records\.database"):
        store.begin_call("secret caller", NOON, CallType.AUTOMATED)


details = st.dictionaries(
    st.text(st.characters(exclude_categories=("Cs", "Nd")), max_size=8),
    st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(0, 1)
    | st.text(st.characters(exclude_categories=("Cs", "Nd"))),
    max_size=4,
)
entries = st.builds(
    Entry,
    at=st.integers(0, 10**8),
    kind=st.sampled_from(EntryKind),
    who=st.sampled_from(["caller", "bot", "gateway", "call"]),
    text=st.text(st.characters(exclude_categories=("Cs", "Nd"))),
    until=st.none() | st.integers(0, 10**8),
    details=details,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trace=st.lists(entries, max_size=6), cut=st.integers(0, 6))
def test_any_trace_comes_back_in_the_order_it_was_told(
    store: Store, trace: list[Entry], cut: int
) -> None:
    call_id = f"call {len(store.recent(10_000))}"
    store.begin_call(call_id, NOON, CallType.AUTOMATED)
    store.add_segments(call_id, trace[:cut])
    store.add_segments(call_id, trace[cut:])
    assert list(store.segments(call_id)) == trace


def test_the_migration_makes_the_tables_the_store_uses(engine: Engine) -> None:
    found = inspect(engine)
    for table in metadata.tables.values():
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert set(columns) == {column.name for column in table.columns}
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable, column.name
        assert {index["name"] for index in found.get_indexes(table.name)} == {
            index.name for index in table.indexes
        }
