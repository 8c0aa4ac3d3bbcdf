"""Scenarios: a call as a YAML file (R10). What the caller does, what must come out, a verdict.

A caller is one whole recording at its own pace, or turns, each started by what the bot says.
`schema()` is the format as a JSON schema, for editors; unknown keys are errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, fields
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic import Field as Limits
from pydantic.dataclasses import dataclass as validated

from bot.audio import ms_to_samples, silence
from bot.calls.callers import Caller, RecordedCaller, ScriptedCaller, ScriptedTurn, keys_sound
from bot.calls.wav import LONGEST_MINUTES, read_wav
from bot.cards import Brand
from bot.charges import ChargeStatus
from bot.errors import ScenarioError, did_you_mean
from bot.expectations import Field
from bot.outcomes import CallType, Destination, ErrorName, ResultName
from bot.setting_types import Language

SCENARIO_DAY = date(2026, 11, 22)
"""The day scenarios take place on unless they say otherwise, so that expiry dates stay true."""

_STRICT = ConfigDict(extra="forbid")


def _quoted(value: object) -> object:
    """YAML reads 87.50 as the number 87.5 and 0123 as 83: digits must be quoted."""
    if value is not None and not isinstance(value, str):
        raise ValueError("put it in quotes; without them YAML makes something else of it")
    return value


Text = Annotated[str, BeforeValidator(_quoted)]

_PATTERNS = {
    r"^\d+(\.\d+)?$": 'an amount, such as "87.50"',
    r"^\d{4}$": 'the last four digits, such as "4242"',
    r"^(0[1-9]|1[0-2])/\d{2}$": 'month and year, such as "04/29"',
}
_AMOUNT, _LAST_FOUR, _EXPIRY = _PATTERNS
Amount = Annotated[str, Limits(pattern=_AMOUNT), BeforeValidator(_quoted)]
LastFour = Annotated[str, Limits(pattern=_LAST_FOUR), BeforeValidator(_quoted)]
MonthYear = Annotated[str, Limits(pattern=_EXPIRY), BeforeValidator(_quoted)]
Milliseconds = Annotated[int, Limits(ge=0, le=600_000)]


@validated(frozen=True, config=_STRICT)
class Turn:
    """One thing the caller does: exactly one of wav, keys, text, silence_ms, hang_up.

    after: begins when this prompt is over. during: begins while it is being said. Neither:
        follows on the turn before.
    """

    after: str | None = None
    during: str | None = None
    wait_ms: Milliseconds = 400
    wav: str | None = None
    keys: Text | None = None
    text: str | None = None
    silence_ms: Milliseconds | None = None
    hang_up: bool = False

    def __post_init__(self) -> None:
        actions = [self.wav, self.keys, self.text, self.silence_ms]
        if sum(action is not None for action in actions) + self.hang_up != 1:
            raise ValueError("a turn has exactly one of wav, keys, text, silence_ms, hang_up")
        if self.after is not None and self.during is not None:
            raise ValueError("a turn has one of after and during, not both")
        if self.keys is not None and not set(self.keys) <= set("0123456789*#,"):
            raise ValueError("keys are 0-9 * # and , for a pause of half a second")


@validated(frozen=True, config=_STRICT)
class CallerScript:
    """recording: a WAV played at its own pace. turns: see `Turn`. channel: for stereo WAVs."""

    recording: str | None = None
    channel: Literal["left", "right"] | None = None
    turns: tuple[Turn, ...] = ()

    def __post_init__(self) -> None:
        if (self.recording is None) == (not self.turns):
            raise ValueError("a caller has either a recording or turns")


@validated(frozen=True, config=_STRICT)
class Parameters:
    """What the call brings with it (R1 step 1).

    language: None for `payment.language`.
    """

    customer_id: Text | None = None
    amount: Text | None = None
    balance: Text | None = None
    minimum_due: Text | None = None
    merchant_id: Text | None = None
    payment_reference: Text | None = None
    call_type: CallType = CallType.AUTOMATED
    language: Language | None = None


@validated(frozen=True, config=_STRICT)
class Expected:
    """What must come out; what is not named is not checked.

    prompts: ids said, in this order, others may lie between. absent: ids never said.
    answered_within_ms: longest time from the end of the caller's speech to the bot's answer.
    settled: what the look-up made of an unknown outcome after the call.
    """

    result: ResultName
    error: ErrorName | None = None
    amount: Amount | None = None
    brand: Brand | None = None
    last_four: LastFour | None = None
    expiry: MonthYear | None = None
    charges: Annotated[int, Limits(ge=0)] | None = None
    corrections_by_rasa: tuple[Field, ...] | None = None
    handed_over_to: Destination | None = None
    prompts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    answered_within_ms: Milliseconds | None = None
    settled: ChargeStatus | None = None


@validated(frozen=True, config=_STRICT)
class Scenario:
    """gateway: "down" when nothing answers at its address. rasa: "away" when it does not run.
    settings: dotted keys of payment.toml and their values, for this call only.
    today: the date the call takes place on, YYYY-MM-DD; the simulator goes by the default.
    covers: ids of the requirements it shows, from requirements.toml beside it."""

    name: str
    caller: CallerScript
    expect: Expected
    about: str = ""
    covers: tuple[str, ...] = ()
    parameters: Parameters = field(default_factory=Parameters)
    settings: Mapping[str, Any] = field(default_factory=dict)
    gateway: Literal["simulator", "down"] = "simulator"
    rasa: Literal["runs", "away"] = "runs"
    today: date = SCENARIO_DAY

    def __post_init__(self) -> None:
        for key in self.settings:
            if not key.startswith("payment.") and key != "hearing.voice_activity":
                raise ValueError(
                    f"settings.{key}: a scenario may change payment.* and hearing.voice_activity; "
                    "the rest belongs to the whole run (--setting)"
                )


_ADAPTER = TypeAdapter(Scenario)

_DIGITS = re.compile(r"\d(?:[ -]?\d){4,}")


def schema() -> dict[str, Any]:
    """The file format as a JSON schema (draft 2020-12)."""
    described = _ADAPTER.json_schema()
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return described


def load_scenario(path: Path) -> Scenario:
    """Raises ScenarioError that names the file, the place and what is allowed there.

    A caller keys card numbers: of what stands in the file only names are repeated.
    """
    content = _read(path)
    if not isinstance(content, dict):
        raise ScenarioError(f"{path}: a scenario is a mapping with name, caller and expect")
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        raise ScenarioError(
            "\n".join(f"{path}: {_explain(dict(problem))}" for problem in error.errors())
        ) from None


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(
            f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from None
    except yaml.MarkedYAMLError as error:  # in full it quotes the line
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ScenarioError(f"{path}: not YAML ({place}{_hidden(error.problem or '')})") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a day that no month has
        why = _hidden(" ".join(str(error).split()))
        raise ScenarioError(f"{path}: not YAML ({why})") from None


def _explain(problem: Mapping[str, Any]) -> str:
    place = _hidden(".".join(str(part) for part in problem["loc"])) or "scenario"
    match problem["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            near = did_you_mean(str(problem["loc"][-1]), _keys_at(problem))
            return f"{place}: no such key{near}"
        case "missing" | "missing_argument":
            return f"{place}: is missing"
        case "enum" | "literal_error":
            return f"{place}: {_no_such_value(problem['input'], problem['ctx']['expected'])}"
        case "string_pattern_mismatch":
            return f"{place}: write {_PATTERNS[problem['ctx']['pattern']]}"
        case _:
            return f"{place}: {problem['msg'].removeprefix('Value error, ')}"


def _no_such_value(value: object, expected: str) -> str:
    """expected: as pydantic says it, "'left' or 'right'"."""
    allowed = re.findall(r"'([^']*)'", expected)
    near = did_you_mean(str(value), allowed) or f"; choose {', '.join(allowed)}"
    return f"{_hidden(repr(value))} is no choice here{near}"


def _hidden(text: str) -> str:
    """Without what may be digits of a card."""
    return _DIGITS.sub("…", text)


def _keys_at(problem: Mapping[str, Any]) -> list[str]:
    """What may stand where a key stands that there is not."""
    above = [part for part in problem["loc"][:-1] if isinstance(part, str)]
    table = {"caller": CallerScript, "turns": Turn, "parameters": Parameters, "expect": Expected}
    of: type = table.get(above[-1], Scenario) if above else Scenario
    return [field.name for field in fields(of)]


def make_caller(
    script: CallerScript, folder: Path, longest_minutes: float = LONGEST_MINUTES
) -> Caller:
    """The caller a script describes; WAVs are relative to `folder`. Raises AudioError."""
    if script.recording is not None:
        wav = folder / script.recording
        return RecordedCaller(read_wav(wav, script.channel, longest_minutes=longest_minutes))
    return ScriptedCaller(
        [_scripted(turn, script, folder, longest_minutes) for turn in script.turns]
    )


def _scripted(
    turn: Turn, script: CallerScript, folder: Path, longest_minutes: float
) -> ScriptedTurn:
    sound = silence(0)
    if turn.wav is not None:
        sound = read_wav(folder / turn.wav, script.channel, longest_minutes=longest_minutes)
    elif turn.keys is not None:
        sound = keys_sound(turn.keys)
    elif turn.silence_ms is not None:
        sound = np.zeros(ms_to_samples(turn.silence_ms), dtype=np.int16)
    return ScriptedTurn(
        after=turn.after or turn.during,
        during=turn.during is not None,
        wait_ms=turn.wait_ms,
        sound=sound,
        text=turn.text,
        hang_up=turn.hang_up,
    )
