from pathlib import Path

import numpy as np
import pytest
import soundfile
from one_call import (
    PROMPT_MS,
    BriefSpeaker,
    KnownWords,
    ObligingGateway,
    SaidWords,
    payment_words,
    run_call,
)

from bot.audio import CHUNK_SAMPLES, AudioChunk, Samples, ms_to_samples
from bot.calls.callers import RecordedCaller, ScriptedCaller, ScriptedTurn, keys_sound
from bot.calls.recording import Recording
from bot.calls.wav import read_wav
from bot.cards import SecretDigits
from bot.charges import ChargeStatus
from bot.errors import AudioError, CatalogueError, NluUnavailable
from bot.expectations import Intent
from bot.hearing.ear import Ear
from bot.hearing.events import EarEvent, SpeechBegan
from bot.money import Money
from bot.outcomes import Destination, ResultName
from bot.prompts import Prompt
from bot.records.trace import EntryKind
from bot.settings import load_settings
from bot.speaking.speaker import Spoken
from bot.understanding.rasa_client import Parsed
from bot.understanding.understand import Understanding

NOTHING = np.zeros(0, dtype=np.int16)
VOICE = read_wav(Path(__file__).parents[1] / "hearing" / "recordings" / "yes.wav")


def keys(after: str, pressed: str) -> ScriptedTurn:
    return ScriptedTurn(after, 100, keys_sound(pressed))


def words(after: str, text: str) -> ScriptedTurn:
    return ScriptedTurn(after, 100, NOTHING, text=text)


def voice(after: str, sound: Samples = VOICE, during: bool = False) -> ScriptedTurn:
    return ScriptedTurn(after, 100, sound, during=during)


KEYED_PAYMENT = [
    keys("amount.ask", "8750#"),
    keys("card_number.ask", "4242424242424242"),
    keys("expiry.ask", "0429"),
    keys("security_code.ask_three", "123"),
    keys("postal_code.ask", "90210#"),
    keys("confirm.question", "1"),
]


async def test_a_caller_pays_with_keys_heard_in_the_sound() -> None:
    finished = await run_call(ScriptedCaller(KEYED_PAYMENT))
    result = finished.end.result
    assert result.status is ResultName.SUCCESS
    assert str(result.amount) == "87.50"
    assert result.last_four == "4242"
    assert len(finished.gateway.asked) == 1
    assert str(finished.end.asked[0].expiry) == "04/29"
    assert finished.said()[-1] == "end.goodbye"
    assert finished.end.handed_over_to is Destination.HANG_UP


async def test_a_caller_pays_by_speaking_and_corrects_the_expiry_in_the_same_breath() -> None:
    turns = [
        words("amount.ask", "eighty seven fifty"),
        words("card_number.ask", "four two"),
        words("expiry.ask", "oh three twenty eight"),
        words("security_code.ask_three", "one two three"),
        words("postal_code.ask", "nine oh two one oh"),
        words("confirm.question", "no it ran out, april twenty nine"),
        words("confirm.question", "yes"),
    ]
    finished = await run_call(ScriptedCaller(turns), words=payment_words())
    assert finished.end.result.status is ResultName.SUCCESS
    assert finished.end.result.corrections_by_rasa == ("expiry",)
    assert str(finished.end.asked[0].expiry) == "04/29"
    said = finished.said()
    assert said.index("corrected.expiry") < len(said) - said[::-1].index("confirm.question")
    assert said.count("card_number.ask") == 1


async def test_the_same_call_gives_the_same_trace_to_the_sample() -> None:
    first, second = [await run_call(ScriptedCaller(KEYED_PAYMENT)) for _ in range(2)]
    assert first.entries == second.entries
    assert first.end.duration == second.end.duration


async def test_a_voice_is_recognised_and_the_waiting_for_the_answer_is_told() -> None:
    known = KnownWords()
    known.knows("fifty dollars", Money(5000), masked="<amount>")
    turns = [voice("amount.ask"), keys("card_number.ask", "*")]
    finished = await run_call(
        ScriptedCaller(turns), words=known, recogniser=SaidWords(["fifty dollars"])
    )
    assert finished.end.result.amount == Money(5000)
    assert [entry.text for entry in finished.of(EntryKind.HEARD)] == ["<amount>"]
    (waiting,) = finished.of(EntryKind.WAITING)
    assert waiting.until is not None
    assert 0 < waiting.until - waiting.at < 3_000


async def test_speech_during_a_prompt_that_may_not_be_interrupted_is_dropped_and_said_to_be() -> (
    None
):
    settings = load_settings(overrides=["payment.barge_in=false"])
    finished = await run_call(
        ScriptedCaller(
            [voice("welcome", during=True), keys("amount.ask", "*")], patience_ms=20_000
        ),
        settings=settings,
        recogniser=SaidWords(["never heard"]),
    )
    (dropped,) = finished.of(EntryKind.DROPPED)
    assert dropped.details["why"] == "this prompt may not be interrupted"
    assert finished.of(EntryKind.HEARD) == []
    assert finished.end.result.status is ResultName.CALLER_CANCELLED


async def test_who_speaks_over_the_bot_silences_it_in_the_chunk_in_which_that_was_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noticed: list[int] = []
    feed = Ear.feed

    def watched(ear: Ear, chunk: AudioChunk) -> list[EarEvent]:
        events = feed(ear, chunk)
        noticed.extend(chunk.end for event in events if isinstance(event, SpeechBegan))
        return events

    monkeypatch.setattr(Ear, "feed", watched)
    spoken: list[Samples] = []

    async def listener(_: Samples, said: Samples) -> None:
        spoken.append(said)

    await run_call(
        ScriptedCaller([voice("welcome", during=True), keys("amount.ask", "*")]),
        recogniser=SaidWords(["never mind"]),
        listener=listener,
    )
    before, *_, end = np.split(spoken[noticed[0] // CHUNK_SAMPLES - 1], [40, 41])
    assert before.any(), "it fades for 5 ms"
    assert not end.any()


async def test_a_minute_of_silence_ends_the_payment_in_no_time() -> None:
    finished = await run_call(ScriptedCaller([], patience_ms=300_000))
    assert finished.end.result.status is ResultName.TIMEOUT
    assert finished.end.duration >= ms_to_samples(60_000)


async def test_a_hang_up_ends_the_call_but_not_the_charge() -> None:
    turns = [*KEYED_PAYMENT, ScriptedTurn("charge.wait", 100, NOTHING, during=True, hang_up=True)]
    gateway = ObligingGateway(delay_ms=60_000)
    finished = await run_call(ScriptedCaller(turns), gateway=gateway)
    assert finished.end.result.status is ResultName.CALLER_HUNG_UP
    assert finished.end.late_charge is not None
    assert finished.end.late_charge.status is ChargeStatus.APPROVED


async def test_what_was_being_said_when_the_caller_hung_up_is_told_as_far_as_it_was_heard() -> None:
    turns = [ScriptedTurn("amount.ask", 100, NOTHING, during=True, hang_up=True)]
    finished = await run_call(ScriptedCaller(turns))
    last = finished.of(EntryKind.PROMPT)[-1]
    assert last.details["id"] == "amount.ask"
    assert last.details["completed"] is False
    assert last.until is not None
    assert 0 < last.until - last.at < PROMPT_MS


async def test_a_slow_gateway_costs_call_time_but_no_waiting() -> None:
    finished = await run_call(
        ScriptedCaller(KEYED_PAYMENT), gateway=ObligingGateway(delay_ms=8_000)
    )
    (charge,) = finished.of(EntryKind.CHARGE)
    assert charge.until is not None
    assert charge.until - charge.at >= 8_000
    assert finished.end.result.status is ResultName.SUCCESS


async def test_the_recording_is_silent_where_card_data_was_said_or_keyed(tmp_path: Path) -> None:
    known = payment_words()
    known.knows("it's the amount", Money(8750), masked="<amount>")
    turns = [
        voice("amount.ask"),
        voice("card_number.ask"),
        keys("expiry.ask", "0429"),
        keys("security_code.ask_three", "123"),
        keys("postal_code.ask", "90210#"),
        voice("confirm.question"),
        keys("confirm.question", "*"),
    ]
    known.knows("wrong, one two three", *(), masked="wrong, <digits>")
    finished = await run_call(
        ScriptedCaller(turns),
        words=known,
        recogniser=SaidWords(["it's the amount", "four two", "wrong, one two three"]),
        recording=tmp_path / "call.wav",
    )
    sound, _ = soundfile.read(tmp_path / "call.wav", dtype="int16")
    caller = sound[:, 0]
    spoken = finished.of(EntryKind.SPEECH)
    assert len(spoken) == 3

    def loudest(entry_at: int, entry_until: int | None) -> int:
        assert entry_until is not None
        stretch = caller[ms_to_samples(entry_at) : ms_to_samples(entry_until)]
        return int(np.abs(stretch).max())

    amount, card, correction = [loudest(entry.at, entry.until) for entry in spoken]
    assert amount > 500, "an amount may be kept"
    assert card == 0, "a card number may not"
    assert correction == 0, "digits said anywhere else may not"
    for key in finished.of(EntryKind.KEY):
        assert loudest(key.at, key.at + 100) == 0, "no key tone is kept"
    assert all(key.text in "•*#" for key in finished.of(EntryKind.KEY))
    assert np.abs(sound[:, 1]).max() > 0, "the bot stays audible"


async def test_a_defect_of_ours_ends_the_call_with_its_own_result() -> None:
    class Broken(KnownWords):
        async def understand(self, *_: object, **__: object) -> tuple[()]:
            raise RuntimeError("4242424242424242")

    finished = await run_call(ScriptedCaller([words("amount.ask", "anything")]), words=Broken())
    assert finished.end.result.status is ResultName.INTERNAL_ERROR
    assert "4242" not in repr(finished.end)


async def test_rasa_dies_in_the_middle_and_the_call_goes_on_and_says_so() -> None:
    class DyingRasa:
        """Answers once; from then on it is gone."""

        def __init__(self) -> None:
            self.answers = [Parsed(Intent.PAY_AMOUNT, 0.95)]

        async def parse(self, text: str) -> Parsed:
            if not self.answers:
                raise NluUnavailable("Rasa cannot be reached (ConnectError)")
            return self.answers.pop()

    rasa = DyingRasa()
    turns = [
        words("amount.ask", "i would like to pay eighty seven fifty"),
        words(
            "card_number.ask",
            " ".join(["four two"] * 8),
        ),
        words("expiry.ask", "oh three twenty eight"),
        words("security_code.ask_three", "one two three"),
        words("postal_code.ask", "nine oh two one oh"),
        words("confirm.question", "no the expiry is wrong"),
        keys("expiry.ask", "0429"),
        words("confirm.question", "yes"),
    ]
    finished = await run_call(
        ScriptedCaller(turns), understanding=lambda degraded: Understanding(rasa, degraded)
    )
    assert finished.end.result.status is ResultName.SUCCESS
    assert str(finished.end.asked[0].expiry) == "04/29"
    assert finished.end.result.corrections_by_rasa == ()
    assert len(finished.of(EntryKind.DEGRADED)) == 1
    assert finished.end.degraded == [finished.of(EntryKind.DEGRADED)[0].text]


async def test_a_key_and_a_voice_in_the_very_first_moment_do_no_harm(tmp_path: Path) -> None:
    for number, sound in enumerate((keys_sound("5"), VOICE[ms_to_samples(300) :])):
        known = KnownWords()
        known.knows("one two three", SecretDigits("123"), masked="<digits>")
        finished = await run_call(
            RecordedCaller(sound, stay_ms=1_000),
            words=known,
            recogniser=SaidWords(["one two three"]),
            recording=tmp_path / f"{number}.wav",
        )
        assert finished.end.result.status is ResultName.CALLER_HUNG_UP


async def test_speech_that_is_dropped_is_silent_to_its_end_in_the_recording(tmp_path: Path) -> None:
    long_speech = np.concatenate([VOICE] * 4)
    turns = [voice("welcome", long_speech, during=True), keys("amount.ask", "*")]
    finished = await run_call(
        ScriptedCaller(turns, patience_ms=20_000),
        settings=load_settings(overrides=["payment.barge_in=false"]),
        recording=tmp_path / "call.wav",
    )
    assert finished.of(EntryKind.DROPPED)
    sound, _ = soundfile.read(tmp_path / "call.wav", dtype="int16")
    first = min(e.at for e in finished.of(EntryKind.DROPPED))
    spoken = sound[ms_to_samples(first) : ms_to_samples(first) + len(long_speech) // 2, 0]
    assert not spoken.any()


async def test_a_card_number_at_the_amount_question_is_not_told_as_an_amount() -> None:
    known = KnownWords()
    known.knows("four one one one one one one", Money(411_111_100), masked="<amount>")
    finished = await run_call(
        ScriptedCaller(
            [words("amount.ask", "four one one one one one one"), keys("amount.ask", "*")]
        ),
        words=known,
    )
    (heard,) = finished.of(EntryKind.HEARD)
    assert "amount" not in heard.details
    assert "41111" not in repr(finished.entries)


async def test_a_prompt_that_cannot_be_said_does_not_end_the_call() -> None:
    class MutedSpeaker(BriefSpeaker):
        def speak(self, prompt: Prompt, gap_scale: float = 1.0) -> Spoken:
            if prompt.id == "charge.approved":
                raise CatalogueError("charge.approved: has no recording")
            return super().speak(prompt, gap_scale)

    finished = await run_call(ScriptedCaller(KEYED_PAYMENT), speaker=MutedSpeaker())
    assert finished.end.result.status is ResultName.SUCCESS
    assert finished.end.result.reference == "K7M4Q2"
    assert finished.end.degraded == ["a prompt could not be said"]


async def test_a_full_disk_costs_the_recording_and_not_the_payment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise AudioError("call.wav: the recording cannot be written (No space left on device)")

    monkeypatch.setattr(Recording, "add", full)
    finished = await run_call(ScriptedCaller(KEYED_PAYMENT), recording=tmp_path / "call.wav")
    assert finished.end.result.status is ResultName.SUCCESS
    assert finished.end.degraded == ["the recording could not be written"]
    assert not any(tmp_path.glob("*"))  # noqa: ASYNC240 - nothing else runs


async def test_a_defect_after_the_answer_does_not_lose_what_the_gateway_said() -> None:
    class FailsLate(BriefSpeaker):
        def speak(self, prompt: Prompt, gap_scale: float = 1.0) -> Spoken:
            if prompt.id == "charge.approved":
                raise RuntimeError("a defect")
            return super().speak(prompt, gap_scale)

    finished = await run_call(ScriptedCaller(KEYED_PAYMENT), speaker=FailsLate())
    assert finished.end.result.status is ResultName.INTERNAL_ERROR
    assert finished.end.late_charge is not None
    assert finished.end.late_charge.reference == "K7M4Q2"
