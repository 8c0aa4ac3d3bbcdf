"""payment.toml: every "configurable" of the product, validated into frozen dataclasses.

An error names the key, the value and what is allowed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field as Limits
from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from bot.cards import Brand
from bot.errors import SettingsError
from bot.expectations import Kind
from bot.gateway_settings import GatewaySettings
from bot.live_settings import LiveSettings
from bot.money import Money
from bot.outcomes import Destination
from bot.secret_files import RASA_TOKEN_VARIABLE, read_secret
from bot.setting_faults import explained
from bot.setting_types import (
    STRICT,
    Amount,
    Currency,
    Language,
    Milliseconds,
    Probability,
    Question,
    SilenceSeconds,
    Tries,
    Words,
)

VERSION = 1


@validated(frozen=True, config=STRICT)
class BrandSettings:
    """What one brand is asked for besides the number."""

    security_code: bool = True
    postal_code: bool = True


@validated(frozen=True, config=STRICT)
class PaymentSettings:
    language: Language = "en"
    currency: Currency = "USD"
    minimum_amount: Amount = "1.00"
    maximum_amount: Amount = "5000.00"
    allowed_amounts: tuple[Amount, ...] = ()
    caller_may_change_amount: bool = True
    below_minimum: Literal["ask", "offer"] = "ask"
    """To a caller who names less than the minimum: ask for another amount, or offer the minimum."""
    brands: tuple[Brand, ...] = tuple(Brand)
    brand: Mapping[Brand, BrandSettings] = field(default_factory=dict)
    postal_code_lengths: tuple[Annotated[int, Limits(ge=3, le=10)], ...] = (5, 9)
    card_check: Literal["off", "gateway"] = "off"
    """Whether a service is asked if the card is valid and of which brand."""
    confirmation: Literal["at_end", "each_field"] = "at_end"
    read_back: Literal["last_four", "groups", "off"] = "last_four"
    """What is said of the card; in conferences and transfers always the last four."""
    max_wrong_inputs: Tries = 3
    max_wrong_inputs_at: Mapping[Question, Tries] = field(default_factory=dict)
    """Where a question has another number of tries."""
    max_declines: Tries = 3
    after_declines: Destination = Destination.AGENT
    after_failure: Destination = Destination.AGENT
    after_success: Destination = Destination.HANG_UP
    silence_timeout_seconds: SilenceSeconds = 60.0
    no_input_ms: Milliseconds = 7_000
    inter_digit_ms: Milliseconds = 4_000
    go_on_ms: Annotated[int, Limits(ge=0, le=60_000)] = 2_000
    """Between the pieces of a card number: how long the bot is silent before it says "go on"."""
    second_thought_ms: Annotated[int, Limits(ge=500, le=10_000)] = 800
    """After the yes that pays: how long the caller may still say something else before the card is
    charged. Speech is noticed a fifth of a second after it began."""
    star_cancels: bool = True
    agent_words: tuple[Words, ...] = ("agent", "operator")
    """That ask for a person, besides what understanding knows."""
    barge_in: bool = True
    no_barge_in: tuple[str, ...] = ()
    """Ids of prompts that speech may not interrupt."""
    accept_card_confidence: Probability = 0.9
    accept_digits_confidence: Probability = 0.8
    accept_confidence: Probability = 0.3
    accept_intent: Probability = 0.5

    def tries_at(self, question: str) -> int:
        """Wrong inputs at this question, by its name, that end the payment."""
        tries = (tries for at, tries in self.max_wrong_inputs_at.items() if at == question)
        return next(tries, self.max_wrong_inputs)

    def brand_settings(self, brand: Brand) -> BrandSettings:
        return self.brand.get(brand, BrandSettings())

    def money(self, amount: str) -> Money:
        return Money.parse(amount, self.currency)

    def confidence_needed(self, kind: Kind) -> float:
        """How sure an answer to a question of this kind must be to be taken without asking."""
        match kind:
            case Kind.CARD:
                return self.accept_card_confidence
            case Kind.DIGITS:
                return self.accept_digits_confidence
            case _:
                return self.accept_confidence


class EngineName(StrEnum):
    AUTO = "auto"
    """Vosk when its model is there, else embedded."""
    VOSK = "vosk"
    EMBEDDED = "embedded"


class VoiceDetector(StrEnum):
    """What decides whether somebody speaks."""

    BOTH = "both"
    """webrtcvad proposes, Silero has to agree."""
    WEBRTCVAD = "webrtcvad"
    """Cheaper, and takes coughs and music for speech."""


SilenceMs = Annotated[int, Limits(ge=200, le=10_000)]


@validated(frozen=True, config=STRICT)
class EndOfTurnSettings:
    """Silence that ends an answer, for each kind of question.

    A plain key holds while nothing is known of the answer; `_complete` once what was heard may be
    all of it, but could go on; `_missing` while part of it is missing. `certain_ms` holds for every
    answer that is surely complete.
    """

    certain_ms: Annotated[int, Limits(ge=120, le=10_000)] = 160
    yes_no_ms: SilenceMs = 500
    yes_no_complete_ms: SilenceMs = 400
    open_ms: SilenceMs = 900
    open_complete_ms: SilenceMs = 300
    amount_ms: SilenceMs = 900
    amount_complete_ms: SilenceMs = 500
    amount_missing_ms: SilenceMs = 1600
    expiry_ms: SilenceMs = 1000
    expiry_complete_ms: SilenceMs = 450
    expiry_missing_ms: SilenceMs = 1800
    digits_ms: SilenceMs = 1000
    digits_complete_ms: SilenceMs = 250
    digits_missing_ms: SilenceMs = 1800
    card_ms: SilenceMs = 2000
    card_complete_ms: SilenceMs = 1200
    card_missing_ms: SilenceMs = 2500


@validated(frozen=True, config=STRICT)
class HearingSettings:
    engine: EngineName = EngineName.AUTO
    vosk_model: str = ""
    """Folder of a Vosk model; empty: the first one under models/vosk*."""
    voice_detector: VoiceDetector = VoiceDetector.BOTH
    voice_activity: Annotated[int, Limits(ge=0, le=3)] = 2
    """webrtcvad's aggressiveness: 0 lets most through, 3 least."""
    longest_utterance_ms: Annotated[int, Limits(ge=5_000, le=30_000)] = 30_000
    """An answer ends here even when the voice goes on. Whisper takes no more than 30 s at once."""
    longest_recording_minutes: Annotated[int, Limits(ge=1, le=1_440)] = 120
    """A caller's WAV longer than this is refused before it is read."""
    end_of_turn: EndOfTurnSettings = field(default_factory=EndOfTurnSettings)


@validated(frozen=True, config=STRICT)
class UnderstandingSettings:
    rasa_url: str = ""
    """Where a Rasa server runs already; empty: the bot starts one of its own."""
    rasa_token_file: str = ""
    """Its token; or in the environment, see `rasa_token`."""
    python310: str = ""
    """A CPython 3.10 for Rasa; empty: the bot looks for one."""
    timeout_ms: Milliseconds = 5_000
    """How long a call waits for Rasa before it goes on without."""


def rasa_token(
    settings: UnderstandingSettings, environment: Mapping[str, str] = os.environ
) -> SecretStr:
    """Of the Rasa server that `rasa_url` names; empty where there is none. Raises SettingsError
    for a file that cannot be read."""
    return read_secret(
        "understanding.rasa_token_file",
        settings.rasa_token_file,
        RASA_TOKEN_VARIABLE,
        environment,
        SettingsError,
    )


@validated(frozen=True, config=STRICT)
class SpeakingSettings:
    prompts: str = "audio/prompts"
    text_to_speech: bool = True


@validated(frozen=True, config=STRICT)
class RecordsSettings:
    database: str = ""
    """An SQLAlchemy URL; empty: payments.db, an SQLite file beside the call's other files."""


@validated(frozen=True, config=STRICT)
class Settings:
    version: Literal[1] = 1
    payment: PaymentSettings = field(default_factory=PaymentSettings)
    hearing: HearingSettings = field(default_factory=HearingSettings)
    understanding: UnderstandingSettings = field(default_factory=UnderstandingSettings)
    speaking: SpeakingSettings = field(default_factory=SpeakingSettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    records: RecordsSettings = field(default_factory=RecordsSettings)
    live: LiveSettings = field(default_factory=LiveSettings)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allow_core_dumps: bool = False
    """A core dump of the bot holds the cards that are being charged at that moment."""

    def __post_init__(self) -> None:
        payment = self.payment
        if payment.money(payment.minimum_amount).minor_units > (
            payment.money(payment.maximum_amount).minor_units
        ):
            raise ValueError("payment.minimum_amount is above payment.maximum_amount")
        if not payment.brands:
            raise ValueError("payment.brands is empty; list at least one brand")
        if payment.card_check == "gateway" and self.gateway.kind != "rest":
            raise ValueError('payment.card_check = "gateway" needs gateway.kind = "rest"')
        if self.gateway.kind == "xml":
            self.gateway.xml.refuse_what_never_proves_anything()


_ADAPTER = TypeAdapter(Settings)

_OPTION = "--setting"


def load_settings(path: Path | None = None, overrides: Sequence[str] = ()) -> Settings:
    """Settings from a TOML file (None: the defaults) with `key=value` overrides on top.

    A key is dotted ("payment.max_declines=2"); a value is TOML, or plain text where it is not.
    Raises SettingsError, which blames the file only for what stands in it.
    """
    table = {} if path is None else _read(path)
    settings = _validated(table, str(path))
    if not overrides:
        return settings
    for override in overrides:
        _override(table, override)
    return _validated(table, _OPTION)


def _read(path: Path) -> dict[str, Any]:
    try:
        # Editors on Windows put a mark at the beginning that TOML does not know.
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not a TOML file ({error})") from None
    _check_version(path, table.get("version", VERSION))
    return table


def _check_version(path: Path, version: object) -> None:
    if version == VERSION and not isinstance(version, bool):
        return
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        advice = "it was written for a newer bot: update the bot"
    else:
        advice = f"write version = {VERSION}, and compare the keys with the payment.toml beside it"
    raise SettingsError(
        f"{path}: version = {version!r}, this bot reads version {VERSION}; {advice}"
    )


def with_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """These settings with some dotted keys changed. Raises SettingsError."""
    table = asdict(settings)
    for key, value in changes.items():
        _put(table, key, value, "settings")
    return _validated(table, "settings")


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise SettingsError(f"{_OPTION} {override!r}: write key=value, e.g. payment.max_declines=2")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    _put(table, key.strip(), value, _OPTION)


def _put(table: dict[str, Any], key: str, value: Any, where: str) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise SettingsError(f"{where}: {key}: {parent} is a value, not a table")
    table[last] = value


def _validated(table: dict[str, Any], where: str) -> Settings:
    try:
        return _ADAPTER.validate_python(table)
    except ValidationError as error:
        lines = explained(error, _DEFAULTS)
        raise SettingsError("\n".join(f"{where}: {line}" for line in lines)) from None


_DEFAULTS = asdict(Settings(payment=PaymentSettings(brand=dict.fromkeys(Brand, BrandSettings()))))
