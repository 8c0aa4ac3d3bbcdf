import json
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.cards import Brand
from bot.errors import SettingsError
from bot.expectations import Kind
from bot.outcomes import Destination
from bot.settings import (
    PaymentSettings,
    Settings,
    UnderstandingSettings,
    load_settings,
    rasa_token,
    with_settings,
)

ROOT = Path(__file__).parents[1]


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings() == Settings()


def test_the_payment_toml_of_the_project_lists_every_key_with_its_default() -> None:
    shipped = ROOT / "payment.toml"
    assert load_settings(shipped) == Settings()
    listed = tomllib.loads(shipped.read_text())
    for name, value in asdict(Settings()).items():
        if isinstance(value, dict):
            assert set(listed[name]) == set(value), name
            for inner, table in value.items():
                if isinstance(table, dict):
                    assert set(listed[name][inner]) == set(table), f"{name}.{inner}"
        else:
            assert name in listed


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("payment.max_declines=99", "payment.max_declines = 99: Input should be less than"),
        ("payment.max_declines=lots", "payment.max_declines = 'lots'"),
        ("payment.maximum=5", "payment.maximum: no such key"),
        ("payment.max_decline=2", "no such key; did you mean payment.max_declines?"),
        ("max_declines=2", "max_declines: no such key; did you mean payment.max_declines?"),
        ("payments.x=1", "payments: no such key; did you mean payment?"),
        ("payment.brand.jcb.security=1", "did you mean payment.brand.jcb.security_code?"),
        ("payment.brand.visum.postal_code=true", "payment.brand.visum = 'visum': Input should be"),
        ("zzz=1", "zzz: no such key; payment.toml beside the README lists all of them"),
        ("payment=3", "payment: is a table of settings; write [payment] above them"),
        ("payment.minimum_amount=10.5", 'amount in quotes, such as "87.50"'),
        ('payment.minimum_amount="ten"', "'ten' is not an amount"),
        ("payment.currency=XXZ", "an ISO 4217 currency code such as USD"),
        ("payment.brands=[]", "payment.brands is empty"),
        ("payment.brands=['monopoly']", "payment.brands.0 = 'monopoly'"),
        ('payment.minimum_amount="9000.00"', "minimum_amount is above payment.maximum_amount"),
        ("hearing.engine=parrot", "hearing.engine = 'parrot': Input should be 'auto'"),
        ("hearing.voice_detector=ears", "hearing.voice_detector = 'ears': Input should be 'both'"),
        ("hearing.longest_utterance_ms=60000", "less than or equal to 30000"),
        ("hearing.end_of_turn.card_ms=50", "hearing.end_of_turn.card_ms = 50: Input should be"),
        ("hearing.end_of_turn.card=900", "did you mean hearing.end_of_turn.card_ms?"),
        ("payment.accept_card_confidence=2", "less than or equal to 1"),
        ("log_level=loud", "log_level = 'loud'"),
        ("nonsense", "write key=value"),
        ("=5", "write key=value"),
        ("log_level.deep=1", "payment.max_declines"),
    ],
)
def test_a_wrong_setting_names_key_value_and_what_is_allowed(override: str, message: str) -> None:
    if override.startswith("log_level.deep"):
        with pytest.raises(SettingsError, match="log_level is a value, not a table"):
            load_settings(overrides=["log_level=info", override])
        return
    with pytest.raises(SettingsError) as raised:
        load_settings(overrides=[override])
    assert message in str(raised.value)


def test_the_file_is_not_blamed_for_what_the_command_line_got_wrong(tmp_path: Path) -> None:
    path = tmp_path / "payment.toml"
    path.write_text('[payment]\nminimum_amount = "10.00"\n')
    with pytest.raises(SettingsError, match=r"^--setting: payment\.max_declines = 0: "):
        load_settings(path, ["payment.max_declines=0"])
    with pytest.raises(SettingsError, match=r"^--setting: payment\.minimum_amount is above"):
        load_settings(path, ['payment.maximum_amount="9.00"'])
    with pytest.raises(SettingsError, match=r"^--setting: version\.x: version is a value"):
        load_settings(path, ["version=1", "version.x=1"])


def test_a_fault_in_the_file_is_the_files_whatever_the_command_line_says(tmp_path: Path) -> None:
    path = tmp_path / "payment.toml"
    path.write_text("[payment]\nmax_declines = 0\n")
    with pytest.raises(SettingsError, match=r"payment\.toml: payment\.max_declines = 0: "):
        load_settings(path, ["payment.max_declines=2"])


def test_settings_on_the_command_line_are_judged_together() -> None:
    overrides = ['payment.minimum_amount="6000"', 'payment.maximum_amount="7000"']
    assert load_settings(overrides=overrides).payment.maximum_amount == "7000"


@pytest.mark.parametrize(
    ("kind", "needed"), [(Kind.CARD, 0.9), (Kind.DIGITS, 0.8), (Kind.YES_NO, 0.3)]
)
def test_digits_must_be_surer_than_words_to_be_taken(kind: Kind, needed: float) -> None:
    assert PaymentSettings().confidence_needed(kind) == needed


def test_every_wrong_key_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(overrides=["payment.max_declines=0", "payment.foo=1", "log_level=loud"])
    assert len(str(raised.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("key", "variable", "setting"),
    [
        ("gateway.token", "PAYMENT_GATEWAY_TOKEN", "gateway.token_file"),
        ("gateway.stripe.api_key", "PAYMENT_GATEWAY_TOKEN", "gateway.token_file"),
        (
            "gateway.tls.client_key_password",
            "PAYMENT_GATEWAY_CLIENT_KEY_PASSWORD",
            "gateway.tls.client_key_password_file",
        ),
        (
            "understanding.rasa_token",
            "PAYMENT_VOICEBOT_RASA_TOKEN",
            "understanding.rasa_token_file",
        ),
        ("live.web.api_key", "PAYMENT_VOICEBOT_API_KEY", "live.web.api_key_file"),
        ("live.twilio.auth_token", "TWILIO_AUTH_TOKEN", "live.twilio.auth_token_file"),
    ],
)
@pytest.mark.parametrize("value", ["s3cret-1234567", "[1234567]", "1234567"])
def test_a_secret_among_the_settings_is_refused_unseen_and_told_where_it_belongs(
    tmp_path: Path, key: str, variable: str, setting: str, value: str
) -> None:
    table, _, name = key.rpartition(".")
    path = tmp_path / "payment.toml"
    path.write_text(f"[{table}]\n{name} = {json.dumps(value)}\n")
    for file, overrides in ((path, []), (None, [f"{key}={value}"])):
        with pytest.raises(SettingsError, match=key) as raised:
            load_settings(file, overrides)
        assert "1234567" not in str(raised.value)
        assert variable in str(raised.value)
        assert setting in str(raised.value)


def test_the_token_of_a_rasa_server_comes_from_the_environment_or_from_a_file(
    tmp_path: Path,
) -> None:
    given = {"PAYMENT_VOICEBOT_RASA_TOKEN": "s3cret"}
    assert rasa_token(UnderstandingSettings(), given).get_secret_value() == "s3cret"
    assert rasa_token(UnderstandingSettings(), {}).get_secret_value() == ""
    path = tmp_path / "token"
    path.write_text("an0ther\n")
    settings = UnderstandingSettings(rasa_token_file=str(path))
    assert rasa_token(settings, {}).get_secret_value() == "an0ther"
    with pytest.raises(SettingsError, match=r"rasa_token_file .* PAYMENT_VOICEBOT_RASA_TOKEN"):
        rasa_token(settings, given)


def test_an_override_is_toml_or_plain_text() -> None:
    settings = load_settings(
        overrides=[
            "payment.max_declines=2",
            "payment.currency=EUR",
            "payment.barge_in=false",
            'payment.brands=["visa"]',
            "payment.brand.maestro.security_code=false",
            "payment.after_failure=ivr",
        ]
    )
    assert settings.payment.max_declines == 2
    assert settings.payment.currency == "EUR"
    assert settings.payment.barge_in is False
    assert settings.payment.brands == (Brand.VISA,)
    assert not settings.payment.brand_settings(Brand.MAESTRO).security_code
    assert settings.payment.brand_settings(Brand.VISA).security_code
    assert settings.payment.after_failure is Destination.IVR


def test_settings_change_for_one_call_only() -> None:
    settings = Settings()
    changed = with_settings(settings, {"payment.max_declines": 1})
    assert (settings.payment.max_declines, changed.payment.max_declines) == (3, 1)
    with pytest.raises(SettingsError, match=r"payment\.nothing: no such key"):
        with_settings(settings, {"payment.nothing": 1})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("version = 2", "version = 2, this bot reads version 1; it was written for a newer bot"),
        ("version = 0", "version = 0, this bot reads version 1; write version = 1"),
        ('version = "1"', "version = '1', this bot reads version 1; write version = 1"),
        ("version = true", "version = True, this bot reads version 1"),
        ("[payment", "not a TOML file"),
        ("[payment]\nmax_declines = 0", "payment.max_declines = 0"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "payment.toml"
    path.write_text(content)
    with pytest.raises(SettingsError) as raised:
        load_settings(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        load_settings(tmp_path / "nowhere.toml")


def test_a_file_that_is_no_utf8_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "payment.toml"
    path.write_bytes('# Gebühren\nlog_level = "info"\n'.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"payment\.toml: not UTF-8 text \(byte 5\); save it"):
        load_settings(path)


def test_the_mark_an_editor_puts_at_the_beginning_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "payment.toml"
    path.write_text('log_level = "debug"\n', "utf-8-sig")
    assert load_settings(path).log_level == "debug"


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read \(Is a directory\)"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        (
            "payment.language=fr",
            r"payment.language = 'fr': a language there is; so far there is en",
        ),
        ("payment.confirmation=never", "payment.confirmation = 'never': .*at_end.*each_field"),
        ("payment.read_back=all", "payment.read_back = 'all': .*last_four.*groups.*off"),
        ("payment.below_minimum=take", "payment.below_minimum = 'take': .*ask.*offer"),
        ("payment.max_wrong_inputs_at={colour = 2}", "payment.max_wrong_inputs_at.colour"),
        ("payment.max_wrong_inputs_at={expiry = 0}", "payment.max_wrong_inputs_at.expiry = 0"),
        ('payment.agent_words=["4242"]', "payment.agent_words.0 = '4242': a word or a few"),
        ("payment.card_check=always", "payment.card_check = 'always': .*off.*gateway"),
        ("payment.after_declines=home", "payment.after_declines = 'home'"),
        ("gateway.name=my shop", "gateway.name = 'my shop': up to 64 letters, digits"),
    ],
)
def test_a_rule_that_there_is_not_is_refused_by_its_name(override: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load_settings(overrides=[override])


def test_a_card_check_needs_a_gateway_that_has_one() -> None:
    with pytest.raises(SettingsError, match=r'card_check = "gateway" needs gateway\.kind'):
        load_settings(overrides=["payment.card_check=gateway", "gateway.kind=stripe"])


XML_FORGETS = ["gateway.kind=xml", "gateway.xml.key_lifetime_hours=1"]


@pytest.mark.parametrize("seconds", [3600, 86_400])
def test_a_gateway_that_forgets_before_a_request_is_dead_is_refused_by_name(seconds: int) -> None:
    too_long = f"gateway.xml.carried_out_within_seconds={seconds}"
    with pytest.raises(SettingsError) as raised:
        load_settings(overrides=[*XML_FORGETS, too_long])
    assert str(raised.value).startswith(
        f"--setting: gateway.xml.carried_out_within_seconds = {seconds}: less than "
        "gateway.xml.key_lifetime_hours (1: 3600 seconds)"
    )
    for harmless in ("gateway.xml.look_up=''", "gateway.kind=rest"):
        load_settings(overrides=[*XML_FORGETS, too_long, harmless])


def test_tries_of_a_question_stand_above_those_of_all() -> None:
    settings = load_settings(
        overrides=["payment.max_wrong_inputs=2", "payment.max_wrong_inputs_at={expiry = 5}"]
    ).payment
    assert settings.tries_at("expiry") == 5
    assert settings.tries_at("card_number") == 2
