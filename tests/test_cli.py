"""The command line: its help teaches, and what a person can mend is one line and exit status 2."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from canaries import canary
from card_search import leaks_in

from bot.cli import main
from bot.cli.exits import EXIT_STATUS
from bot.outcomes import ResultName

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.usefixtures("own_logging")


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> "Run":
    monkeypatch.chdir(tmp_path)
    return Run(monkeypatch, capsys)


class Run:
    """Runs the command line as a shell would; returns exit status, output and errors."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.argv", ["run_bot.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self._capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), printed.out, printed.err


@pytest.mark.parametrize(
    ("arguments", "taught"),
    [
        (["--help"], ["demo", "call", "talk", "test", "hear", "nlu", "prompts"]),
        (["demo", "--help"], ["pay", "keys", "unknown", "--out"]),
        (["call", "--help"], ["--channel", "--setting", "16", "outcome unknown"]),
        (["talk", "--help"], ["--text", "--no-rasa", "--amount", "digits, * and #", "/help"]),
        (["test", "--help"], ["--only", "--twice", "--junit", "--coverage", "--schema"]),
        (["hear", "--help"], ["--expect", "--lengths", "--engine", "test recordings only"]),
        (["nlu", "--help"], ["train", "test", "parse", "shell"]),
        (["nlu", "shell", "--help"], ["--expect", "--no-rasa", "/help", "test numbers only"]),
        (["prompts", "--help"], ["build", "check"]),
    ],
)
def test_the_help_teaches(run: Run, arguments: list[str], taught: list[str]) -> None:
    status, out, _ = run(*arguments)
    assert status == 0
    for word in taught:
        assert word in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["call", "gone.wav"], "gone.wav: cannot be read"),
        (["hear", "--json", "gone.wav"], "gone.wav: cannot be read"),
        (["call", "{wav}", "--channel", "middle"], "choose left or right"),
        (["call", "{wav}", "--today", "tomorrow"], "write it like 2026-11-22"),
        (["call", "{wav}", "--setting", "payment.max_declines=99"], "payment.max_declines = 99"),
        (["call", "{wav}", "--settings", "gone.toml"], "gone.toml: cannot be read"),
        (["call", "{wav}", "--out", "{file}/below"], "cannot be written"),
        (["demo", "--setting", "nonsense"], "write key=value"),
        (["talk"], "to type instead: talk --text"),
        (["talk", "--text", "--amount", "lots"], "amount: not an amount of USD"),
        (["nlu", "shell", "--expect", "pin"], "choose one of amount, yes_no, card"),
        (["test"], "name scenario files"),
        (["test", "gone"], "gone: no such scenario"),
        (["test", "{scenarios}", "--only", "star-cancles"], "near: star-cancels"),
        (["test", "{scenarios}", "--junit", "{file}/j.xml"], "cannot be written"),
        (["test", "{scenarios}", "--junit", "{scenarios}"], "is a folder"),
        (["hear", "{wav}", "--lengths", "five"], "write whole numbers"),
        (["hear", "{wav}", "--engine", "vosk"], "models/README.md"),
        (["prompts", "check", "--language", "xx"], "xx"),
    ],
)
def test_what_a_person_can_mend_is_said_and_nothing_else_happens(
    run: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    wav = ROOT / "audio" / "callers" / "pay" / "amount.wav"
    scenarios = ROOT / "tests" / "scenarios"
    filled = [a.format(wav=wav, file=tmp_path / "file", scenarios=scenarios) for a in arguments]
    status, _, errors = run(*filled)
    assert status == 2
    assert told in " ".join(errors.split())
    assert "Traceback" not in errors


def test_what_a_person_can_mend_is_one_line_in_a_narrow_log(run: Run, tmp_path: Path) -> None:
    _, _, errors = run("call", str(tmp_path / f"{'long-' * 30}.wav"), "--channel", "left")
    assert len(errors.splitlines()) == 1


def test_the_scenario_format_can_be_had_for_an_editor(run: Run) -> None:
    status, out, _ = run("test", "--schema")
    assert status == 0
    assert json.loads(out)["$schema"].startswith("https://json-schema.org/")


def test_the_coverage_of_the_scenarios_is_listed_and_nothing_runs(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("test", str(ROOT / "tests" / "scenarios"), "--coverage")
    assert status == 0
    assert "| The caller asks for an agent. | [agent-" in out
    assert list(tmp_path.iterdir()) == []


def test_a_requirement_without_a_scenario_is_an_exit_status(run: Run, tmp_path: Path) -> None:
    scenarios = ROOT / "tests" / "scenarios"
    for name in ("requirements.toml", "star-cancels.yml"):
        (tmp_path / name).write_text((scenarios / name).read_text())
    status, out, _ = run("test", ".", "--coverage")
    assert status == 1
    assert "**no scenario**" in out


def test_every_result_has_an_exit_status_of_its_own_and_only_success_is_zero() -> None:
    assert set(EXIT_STATUS) == set(ResultName)
    assert len(set(EXIT_STATUS.values())) == len(EXIT_STATUS)
    assert [result for result, status in EXIT_STATUS.items() if status == 0] == [ResultName.SUCCESS]


def test_the_help_of_call_and_the_readme_tell_every_exit_status(run: Run) -> None:
    told = " ".join(run("call", "--help")[1].replace("│", " ").split())
    readme = (ROOT / "README.md").read_text()
    for result, status in EXIT_STATUS.items():
        words = result.replace("-", " ")
        assert f"{status} {words}" in told
        assert f"| {status} | {words} |" in readme


def test_the_short_spelling_of_the_readme_starts_the_program_and_can_be_completed() -> None:
    program = ROOT / "run_bot.py"
    assert os.access(program, os.X_OK)
    complete = (
        f"source <({sys.executable} run_bot.py --show-completion bash); "
        "COMP_WORDS=(./run_bot.py dem); COMP_CWORD=1; _run_botpy_completion ./run_bot.py; "
        'echo "${COMPREPLY[@]}"'
    )
    ended = subprocess.run(  # noqa: S603 - our own command
        [shutil.which("bash") or "bash", "-c", complete],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "UV_NO_SYNC": "1", "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )  # fmt: skip
    assert ended.stdout.strip() == "demo", ended.stderr


def test_hear_prints_one_json_object_a_line(run: Run) -> None:
    wav = ROOT / "audio" / "callers" / "pay" / "security-code.wav"
    status, out, _ = run("hear", "--expect", "digits", "--lengths", "3", "--json", str(wav))
    assert status == 0
    line = json.loads(out)
    assert set(line) == {"file", "seconds", "hypotheses"}
    assert line["hypotheses"][0]["digits"] == "123"
    assert 0 <= line["hypotheses"][0]["confidence"] <= 1


def test_the_readme_has_the_two_lines() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert "pip install uv && uv run run_bot.py demo" in lines
    assert "pip install uv && uv run pytest" in lines


def test_ctrl_c_ends_what_was_started_and_says_so(tmp_path: Path) -> None:
    """The real thing: a process, interrupted while it prepares, leaves nothing running."""
    command = [sys.executable, str(ROOT / "run_bot.py"), "demo", "keys", "--out", str(tmp_path)]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "till" in line or "Rasa starts" in line:
                process.send_signal(signal.SIGINT)
                break
        told = process.stdout.read()
        assert process.wait() == 130
    assert "everything that was started has been stopped" in told
    running = [p for p in Path("/proc").glob("[0-9]*/cmdline") if _mentions(p, str(tmp_path))]
    assert running == []


def _mentions(cmdline: Path, text: str) -> bool:
    try:
        return text.encode() in cmdline.read_bytes()
    except OSError:
        return False


def test_a_defect_ends_in_its_own_status_and_shows_where_but_no_message(
    run: "Run", monkeypatch: pytest.MonkeyPatch
) -> None:
    card = canary(302)

    def failing(*_: object, **__: object) -> str:
        raise ValueError(f"no such card: {card.number}, security code {card.code}")

    monkeypatch.setattr("bot.dialog.picture.flow_svg", failing)
    status, out, problems = run("flow")
    assert status == EXIT_STATUS[ResultName.INTERNAL_ERROR]
    assert "ValueError" in problems
    assert "failing" in problems
    assert leaks_in(out + problems, [card.number], [card.code]) == []
