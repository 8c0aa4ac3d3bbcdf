"""A full call at debug level leaves no card data anywhere (ARCHITECTURE.md, "Leaks")."""

import re
import shutil
from pathlib import Path

import pytest
import soundfile
import yaml
from card_search import leaks_in, leaks_in_file
from typer.testing import CliRunner
from whole_bot import SCENARIOS, WholeRun

from bot.audio import AudioChunk
from bot.calls.callers import keys_sound
from bot.calls.wav import read_wav
from bot.cli.app import app
from bot.cli.show import ConversationPrinter, print_finished
from bot.hearing.keys.tones import ToneDetector
from bot.records.trace import EntryKind

VOICE_CARDS = ["4000056655665556", "4000007312645895"]
CALLERS = Path(__file__).parents[2] / "audio" / "callers"


def keyed_cards_and_codes() -> tuple[list[str], list[str]]:
    """The cards and codes that the scenarios key or type."""
    cards, codes = set(VOICE_CARDS), {"123", "987"}
    for path in SCENARIOS.glob("*.yml"):
        for turn in yaml.safe_load(path.read_text())["caller"].get("turns", []):
            digits = re.sub(r"\D", "", turn.get("keys", ""))
            if len(digits) >= 12:
                cards.add(digits)
            if "security" in (turn.get("after") or "") and len(digits) in (3, 4):
                codes.add(digits)
    return sorted(cards), sorted(codes)


CARDS, CODES = keyed_cards_and_codes()


def test_the_scenarios_hold_cards_and_codes_to_search_for() -> None:
    assert len(CARDS) >= 8
    assert {"123", "1234", "987"} <= set(CODES)


def test_no_file_of_any_call_holds_card_data(whole_run: WholeRun) -> None:
    files = [path for path in whole_run.out.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"bot.log", "gateway-simulator.log", "payments.db", "simulator.db"} <= names
    assert {"call.html", "result.json"} <= names
    # The second run's recordings are the first's to the sample, as test_scenarios.py holds.
    files = [path for path in files if path.suffix != ".wav" or "again" not in path.parts]
    leaks = [leak for path in files for leak in leaks_in_file(path, CARDS, CODES)]
    assert leaks == []


def test_what_rasa_was_sent_holds_no_number(whole_run: WholeRun) -> None:
    assert len(whole_run.sent_to_rasa) >= 5
    for text in whole_run.sent_to_rasa:
        assert not re.search(r"\d", text)
        assert leaks_in(text, CARDS, CODES) == []


def test_nothing_that_was_printed_holds_card_data(
    whole_run: WholeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    for outcome in whole_run.outcomes.values():
        printer = ConversationPrinter()
        for entry in outcome.finished.entries:
            printer(entry)
        printer.flush()
        print_finished(outcome.finished)
    printed = capsys.readouterr()
    assert "Please tell me your card number" in printed.out
    assert leaks_in(printed.out + printed.err, CARDS, CODES) == []


@pytest.mark.usefixtures("own_logging")
def test_no_report_of_a_test_run_holds_card_data(tmp_path: Path) -> None:
    """Nothing comes out as expected, so that the report tells all it can."""
    scenario = yaml.safe_load((SCENARIOS / "demo-keys.yml").read_text())
    scenario["rasa"] = "away"
    scenario["expect"] = {
        "result": "timeout", "amount": "1.00", "brand": "visa", "last_four": "0000",
        "expiry": "01/30", "charges": 9, "absent": ["charge.approved"],
        "prompts": ["charge.approved", "welcome"],
    }  # fmt: skip
    (tmp_path / "keys.yml").write_text(yaml.safe_dump(scenario))
    report = tmp_path / "junit.xml"
    ended = CliRunner().invoke(
        app, ["test", str(tmp_path), "--junit", str(report), "--out", str(tmp_path / "out"),
              "--setting", "understanding.rasa_url=http://127.0.0.1:9"],
    )  # fmt: skip
    assert isinstance(ended.exception, SystemExit), ended.exception
    assert ended.exit_code == 1
    assert "last_four: expected 0000, got 4444" in report.read_text()
    assert leaks_in_file(report, CARDS, CODES) == []
    assert leaks_in(ended.output, CARDS, CODES) == []


def test_no_report_of_hearing_holds_a_card_read_at_another_question(tmp_path: Path) -> None:
    wav = tmp_path / "in" / "card-number.wav"
    wav.parent.mkdir()
    shutil.copy(CALLERS / "pay" / "card-number.wav", wav)
    wav.with_suffix(".txt").write_text("open: four double oh oh five six six five five six\n")
    ended = CliRunner().invoke(
        app, ["bench", "hearing", str(wav.parent), "--out", str(tmp_path / "out")]
    )
    assert ended.exit_code == 0, ended.output
    reports = [tmp_path / "out" / f"bench-hearing.{ending}" for ending in ("md", "json")]
    assert all("<digits>" in path.read_text() for path in reports)
    spelled = {"four", "double", "five", "six", "oh"}
    for path in reports:
        assert leaks_in_file(path, CARDS, CODES) == []
        assert not spelled & set(re.findall(r"\w+", path.read_text()))
    assert leaks_in(ended.output, CARDS, CODES) == []


def keys_heard_in(path: Path, channel: str | None) -> int:
    detector = ToneDetector()
    sound = read_wav(path, channel)
    return len(detector.feed(AudioChunk(sound, 0))) + len(detector.flush())


def test_no_key_can_be_heard_in_any_recording(whole_run: WholeRun) -> None:
    keyed = whole_run.outcomes["demo-keys"]
    assert len(ToneDetector().feed(AudioChunk(keys_sound("42424242"), 0))) == 8, "it can hear keys"
    assert any(entry.kind is EntryKind.KEY for entry in keyed.finished.entries)
    for outcome in whole_run.outcomes.values():
        assert keys_heard_in(outcome.finished.files.recording, "left") == 0


def test_no_card_field_can_be_heard_in_the_recording_of_the_spoken_demo(
    whole_run: WholeRun,
) -> None:
    finished = whole_run.outcomes["demo-pay"].finished
    sound, rate = soundfile.read(finished.files.recording, dtype="int16")
    caller = sound[:, 0]

    def loudest(at_ms: int, until_ms: int) -> int:
        return int(abs(caller[at_ms * rate // 1000 : until_ms * rate // 1000]).max())

    heard = [e for e in finished.entries if e.kind is EntryKind.HEARD and e.until is not None]
    answers = ("<digits>", "<date>")
    sensitive = [e for e in heard if e.text in answers]
    spoken = [e for e in heard if e.text not in answers]
    assert len(sensitive) == 4, "card number, expiry, security code, postal code"
    assert len(spoken) == 3, "the amount, the correction, the confirmation"
    assert all(loudest(e.at - 200, e.until or 0) == 0 for e in sensitive)
    assert all(loudest(e.at, e.until or 0) > 300 for e in spoken), "the rest can be heard"
