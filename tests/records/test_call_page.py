from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import sample_call
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.charges import ChargeStatus
from bot.errors import AudioError, StoreError
from bot.outcomes import PaymentResult, ResultName
from bot.records.report import write_call_page
from bot.records.result import CallResult, Settlement
from bot.records.trace import Entry, EntryKind


class Page(HTMLParser):
    """What a browser would make of the page: elements, visible text, style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inside: dict[str, str] = {}
        self.text = ""
        self._raw = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._raw = tag if tag in {"style", "script"} else ""

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.inside[self._raw] = self.inside.get(self._raw, "") + data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def blocks(self) -> list[str]:
        """Ids of what is drawn in the timeline."""
        return [a["id"] for a in self.all("div") if a.get("class", "").startswith("block")]

    @property
    def rows(self) -> list[dict[str, str]]:
        return [a for a in self.all("li") if "data-entries" in a]

    @property
    def policy(self) -> str:
        return next(
            a["content"]
            for a in self.all("meta")
            if a.get("http-equiv") == "Content-Security-Policy"
        )


def page_of(
    folder: Path, result: CallResult = sample_call.RESULT, entries: object = sample_call.ENTRIES
) -> Page:
    path = folder / "call.html"
    write_call_page(path, result, entries, folder / "call.wav")  # type: ignore[arg-type]
    return Page(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("call")
    sample_call.write_recording(folder / "call.wav")
    return folder


def test_every_entry_is_drawn_once_and_told_once(folder: Path) -> None:
    page = page_of(folder)
    indices = range(len(sample_call.ENTRIES))
    assert sorted(page.blocks) == sorted(f"b{index}" for index in indices)
    told = [int(index) for row in page.rows for index in row["data-entries"].split()]
    assert sorted(told) == list(indices)
    for entry in sample_call.ENTRIES:
        if entry.kind is EntryKind.PROMPT:
            assert entry.text in page.text


def test_what_happens_beneath_the_conversation_is_told_only_in_full(folder: Path) -> None:
    for row in page_of(folder).rows:
        kinds = {sample_call.ENTRIES[int(i)].kind for i in row["data-entries"].split()}
        beneath = kinds <= {EntryKind.SPEECH, EntryKind.WAITING, EntryKind.SILENCED}
        entering = all(
            sample_call.ENTRIES[int(i)].details.get("state") == "entering"
            for i in row["data-entries"].split()
        )
        assert ("backstage" in row["class"]) == (beneath or entering)


def test_the_header_says_what_became_of_the_payment(folder: Path) -> None:
    text = " ".join(page_of(folder).text.split())
    for said in (
        "Paid", "$87.50", "NW-7Q4K", "Visa •••• 1111", "1 min 23 s", "Hung up",
        "22 November 2026, 06:17 UTC", "20261122-0617-4f2a", "Degraded: rasa slow.",
        "7 spoken, 2 keyed", "700 ms", "3450 ms",
    ):  # fmt: skip
        assert said in text


def test_a_block_lies_where_its_entry_was_heard(folder: Path) -> None:
    style = page_of(folder).inside["style"]
    entry = sample_call.ENTRIES[0]
    assert entry.until is not None
    left = entry.at * 100 / sample_call.CALL_MS
    width = (entry.until - entry.at) * 100 / sample_call.CALL_MS
    assert f"#b0{{left:{left:.3f}%;width:{width:.3f}%}}" in style


def test_both_channels_are_drawn_and_a_silent_one_is_not(tmp_path: Path) -> None:
    sound = np.zeros((8000, 2), dtype=np.int16)
    sound[2000:4000, 1] = 9000
    soundfile.write(tmp_path / "call.wav", sound, 8000)
    outlines = [a["d"] for a in page_of(tmp_path, entries=()).all("path") if len(a["d"]) > 60]
    # Silence, a jump at bucket 13, back down at 24, and the mirror of it below.
    assert len(outlines) == 1
    assert outlines[0].startswith("M0,0L11,0L12,-100L")
    assert outlines[0].endswith("L12,100L11,0L0,0Z")


HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "<digits><b onclick=alert(1)>",
    "{{ 7 * 7 }}",
    "<!-- ",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(folder: Path, text: str) -> None:
    harmless = page_of(folder, entries=[full_entry(kind, "x") for kind in EntryKind])
    page = page_of(
        folder,
        replace(
            sample_call.RESULT,
            call_id=text,
            payment=PaymentResult(ResultName.DECLINED, reason=text, reference=text),
            degradations=[text],
            settled=Settlement(ChargeStatus.DECLINED, text, text),
        ),
        [full_entry(kind, text) for kind in EntryKind],
    )
    assert text in page.text or "digits" in text
    assert len(page.all("script")) == 1
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in harmless.elements} | {"span"}
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert page.inside["script"] == harmless.inside["script"]


def full_entry(kind: EntryKind, text: str) -> Entry:
    names = ("id", "source", "engine", "intent", "field", "why", "step", "state", "detail")
    more = ("status", "reason", "reference", "amount", "what", "leg", "expiry")
    return Entry(10, kind, text, text, 500, dict.fromkeys(names + more, text))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text("<>&\"'/!-= abdigtsx{}%\n", max_size=40))
def test_no_text_makes_an_element(tmp_path: Path, text: str) -> None:
    entries = [Entry(0, EntryKind.PROMPT, "bot", text), Entry(1, EntryKind.HEARD, "caller", text)]
    elements = [tag for tag, _ in page_of(tmp_path, entries=entries).elements if tag != "span"]
    plain = [Entry(0, EntryKind.PROMPT, "bot", "x"), Entry(1, EntryKind.HEARD, "caller", "x")]
    expected = [tag for tag, _ in page_of(tmp_path, entries=plain).elements if tag != "span"]
    assert elements == expected


def test_the_page_needs_nothing_from_elsewhere(folder: Path) -> None:
    page = page_of(folder)
    references = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in {"src", "href", "action", "data", "poster", "srcset"}
    ]
    assert sorted(references) == ["#conversation", "call.wav", "data:,"]
    assert not re.search(r"https?:|//[a-z]|@import|url\(", page.inside["style"])
    assert not re.search(r"https?:|fetch|XMLHttp|import\(|eval|innerHTML", page.inside["script"])
    assert not any("style" in attributes for _, attributes in page.elements)


def test_the_policy_lets_in_this_style_and_this_script_only(folder: Path) -> None:
    page = page_of(folder)
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in page.policy
    for kind in ("style", "script"):
        digest = hashlib.sha256(page.inside[kind].encode()).digest()
        assert rules[f"{kind}-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_controls_and_landmarks_have_names(folder: Path) -> None:
    page = page_of(folder)
    tags = [tag for tag, _ in page.elements]
    assert tags.count("main") == tags.count("header") == tags.count("h1") == 1
    for section in page.all("section"):
        assert any(a.get("id") == section["aria-labelledby"] for _, a in page.elements)
    slider = next(a for _, a in page.elements if a.get("role") == "slider")
    assert slider["aria-label"]
    assert slider["tabindex"] == "0"
    assert slider["aria-valuemax"] == str(sample_call.CALL_MS)
    assert page.all("html")[0]["lang"] == "en"
    unnamed = re.findall(r"<button(?![^>]*aria-label)[^>]*>\s*</button>", page.html)
    assert not unnamed


def test_a_call_without_recording_still_has_its_page(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert "There is no recording of this call." in page.text
    assert not page.all("audio")
    assert len(page.blocks) == len(sample_call.ENTRIES)


def test_a_call_in_which_nothing_happened_has_a_page(tmp_path: Path) -> None:
    nothing = replace(
        sample_call.RESULT,
        payment=PaymentResult(ResultName.CALLER_HUNG_UP),
        durations=replace(sample_call.RESULT.durations, call_ms=0),
    )
    page = page_of(tmp_path, nothing, ())
    assert "Caller hung up" in page.text
    assert "Nothing happened in this call." in page.text


def test_an_unknown_outcome_is_told_with_what_became_of_it(folder: Path) -> None:
    unknown = replace(sample_call.RESULT, payment=PaymentResult(ResultName.OUTCOME_UNKNOWN))
    assert "Not settled yet" in page_of(folder, unknown).text
    settled = replace(unknown, settled=Settlement(ChargeStatus.APPROVED, "NW-1", "look-up"))
    text = page_of(folder, settled).text
    assert "Settled by look-up: approved, reference NW-1." in text
    assert "Not settled yet" not in text


def test_the_recording_must_lie_beside_the_page(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"must lie beside call\.html"):
        write_call_page(tmp_path / "call.html", sample_call.RESULT, (), folder / "call.wav")


def test_a_recording_that_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    wav = tmp_path / "call.wav"
    wav.write_bytes(b"RIFF, but no more")
    with pytest.raises(AudioError, match=r"call\.wav: cannot be read as a recording"):
        page_of(tmp_path)
    soundfile.write(wav, np.zeros(80), 8000)
    with pytest.raises(AudioError, match=r"call\.wav: has 1 channel"):
        page_of(tmp_path)
    assert not (tmp_path / "call.html").exists()


def test_an_empty_recording_is_no_waveform(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "call.wav", np.zeros((0, 2)), 8000)
    assert page_of(tmp_path).all("audio")


def test_text_like_a_card_number_is_not_shown(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="text of a heard on the call page: refused"):
        page_of(tmp_path, entries=[Entry(0, EntryKind.HEARD, "caller", "4111 1111 1111 1111")])
    assert not list(tmp_path.iterdir())


def test_a_long_call_keeps_its_page_small(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(-9000, 9000, (8000 * 60 * 10, 2), dtype=np.int16)
    soundfile.write(tmp_path / "call.wav", noise, 8000)
    assert len(page_of(tmp_path).html) < 500_000
