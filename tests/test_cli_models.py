"""models list, get, check and bench hearing, as typed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from vosk_mirror import Mirror, serving

import bot.project
from bot.cli import main

ROOT = Path(__file__).parents[1]
CALLERS = ROOT / "audio" / "callers"
NAME = "vosk-model-small-en-us-0.15"
FRENCH = "vosk-model-small-fr-0.22"

Run = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.usefixtures("own_logging")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["run_bot.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), printed.out, printed.err

    return run


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project folder of its own, with the number recogniser."""
    shutil.copytree(
        ROOT / "models" / "numbers",
        tmp_path / "models" / "numbers",
        ignore=shutil.ignore_patterns("data"),
    )
    monkeypatch.setattr(bot.project, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving() as mirror:
        mirror.offer(NAME)
        mirror.offer(FRENCH, lang="fr")
        mirror.offer("vosk-model-small-de-0.15", lang="de")
        yield mirror


def test_small_english_and_french_models_are_got_and_english_hears(
    run: Run, project: Path, mirror: Mirror
) -> None:
    status, out, _ = run("models", "get", "--source", mirror.url)
    assert (status, f"{NAME} is in models/{NAME}" in out) == (0, True)
    assert (project / "models" / FRENCH / "SHA256SUMS").is_file()
    assert not (project / "models" / "vosk-model-small-de-0.15").exists()

    _, out, _ = run("models", "get", "--source", mirror.url)
    assert f"{NAME} is there already" in out

    status, out, _ = run("models", "check")
    assert status == 0
    assert f"The engine that hears: vosk, with {NAME} (hearing.engine is auto" in out


def test_a_french_model_alone_does_not_hear_english_callers(
    run: Run, project: Path, mirror: Mirror
) -> None:
    run("models", "get", "fr", "--source", mirror.url)
    status, out, _ = run("models", "check")

    assert status == 0
    assert "The engine that hears: embedded" in out


def test_what_is_installed_and_what_can_be_got_is_listed(
    run: Run, project: Path, mirror: Mirror
) -> None:
    run("models", "get", "en", "--source", mirror.url)
    _, out, _ = run("models", "list", "--source", mirror.url)
    states = {line.split("│")[1].strip(): line for line in out.splitlines() if "│" in line}

    assert "installed, hears" in states[NAME]
    assert "can be got" in states[FRENCH]
    assert "vosk-model-small-de-0.15" not in states
    assert "vosk-model-small-de-0.15" in run("models", "list", "--all", "--source", mirror.url)[1]


def test_without_the_source_what_is_installed_is_listed_all_the_same(
    run: Run, project: Path
) -> None:
    with serving() as gone:
        url = gone.url
    status, out, problems = run("models", "list", "--source", url)

    assert status == 0
    assert "installed, hears" in out
    assert "cannot be reached" in problems
    assert run("models", "get", "--source", url)[0] == 2


@pytest.mark.parametrize("damaged", [f"{NAME}/graph/Gr.fst", "numbers/vocabulary.json"])
def test_a_damaged_model_is_named(run: Run, project: Path, mirror: Mirror, damaged: str) -> None:
    run("models", "get", "en", "--source", mirror.url)
    (project / "models" / damaged).write_bytes(b"damaged")
    status, out, _ = run("models", "check")

    assert status == 1
    assert f"bad   models/{Path(damaged).parts[0]}" in out
    assert "is not the file it should be" in out


def recordings(folder: Path) -> Path:
    """Of a recorded caller; three said as they are, one as another card than was said."""
    for name, line in {
        "card-number": "card: 4242 4242 4242 4242",
        "postal-code": "digits 5,9: 10012",
        "yes": "yes_no: yes",
        "card-insufficient-funds": "card: 4000 0000 0000 0002",
    }.items():
        folder.mkdir(exist_ok=True)
        shutil.copy(CALLERS / "ann" / f"{name}.wav", folder / f"{name}.wav")
        (folder / f"{name}.txt").write_text(line + "\n")
    return folder


def test_the_bench_says_how_often_each_engine_is_right_and_shows_no_digits(
    run: Run, tmp_path: Path
) -> None:
    folder = recordings(tmp_path / "own")
    status, out, problems = run("bench", "hearing", str(folder), "--json")
    found = json.loads(out)
    cards = {one["engine"]: one for one in found["figures"] if one["expect"] == "card"}

    assert status == 0
    assert {"embedded", "free Whisper"} <= set(cards)
    assert cards["embedded"]["recordings"] == 2
    assert cards["embedded"]["exact_percent"]["value"] == 50
    assert cards["embedded"]["accepted_wrong"] == 1  # the transcript is the wrong one
    report = (tmp_path / "out" / "bench-hearing.md").read_text("utf-8")
    assert "card-insufficient-funds.wav (embedded): said ••••••••••••••••, heard •••" in report
    everything = out + problems + report
    for digits in ("4242", "0000", "10012"):
        assert digits not in everything


def test_what_cannot_be_used_is_named_and_left_out(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    shutil.copy(CALLERS / "ann" / "yes.wav", folder / "yes.wav")
    (folder / "broken.wav").write_bytes(b"RIFF")
    table = tmp_path / "said.csv"
    table.write_text(
        "file,expect,value,lengths\n"
        "yes.wav,yes_no,yes,\n"
        "broken.wav,amount,80.00,\n"
        "gone.wav,digits,12345,5\n"
        "yes.wav,shoe,42,\n"
        "yes.wav,card,not4242424242424242,\n"
    )
    status, out, problems = run("bench", "hearing", str(folder), "--transcripts", str(table))

    assert status == 2
    assert "yes_no" in out
    assert "gone.wav is not there" in problems
    assert "said.csv:5: 'shoe' is no kind" in problems
    assert "said.csv:6: the value of card must be 8 to 19 digits" in problems
    assert "broken.wav" in problems
    assert "4242" not in out + problems


def test_show_prints_the_digits(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    shutil.copy(CALLERS / "ann" / "postal-code.wav", folder / "a.wav")
    (folder / "a.txt").write_text("digits: 99999")
    run("bench", "hearing", str(folder), "--show")

    assert "said 99999, heard 10012" in (tmp_path / "out" / "bench-hearing.md").read_text("utf-8")


def test_a_folder_without_recordings_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    status, _, problems = run("bench", "hearing", str(tmp_path))

    assert status == 2
    assert "no WAV files in it" in problems
