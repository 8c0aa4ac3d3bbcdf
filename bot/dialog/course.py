"""The course of a payment: what an answer to the open question leads to, and how it ends."""

from __future__ import annotations

from bot.cards import SecretDigits
from bot.dialog.commands import LookUp, StepState
from bot.dialog.ending import Ending, destination_of
from bot.dialog.events import CallStarted, TimerName
from bot.dialog.fields.verdicts import Offered, Partial, Refused, Taken, Told, Unanswered, Verdict
from bot.dialog.floor import Floor
from bot.dialog.flow import STATE_OF, State, Trigger, Way
from bot.dialog.question import OpenQuestion
from bot.expectations import Field
from bot.outcomes import ErrorName, PaymentResult, ResultName
from bot.prompts import Prompt
from bot.settings import PaymentSettings

NOT_UNDERSTOOD = (Prompt("not_understood"),)

_REMINDERS = 2
"""Times a question is asked again because nothing came; after that only "are you there?"."""


class Course(OpenQuestion):
    """One payment from its first question to its result."""

    def __init__(self, call: CallStarted, settings: PaymentSettings, floor: Floor) -> None:
        super().__init__(call, settings, floor)
        self.correcting: set[Field] = set()
        """Fields whose new value will be announced as a change."""
        self.corrections_by_rasa: list[str] = []
        self._settings = settings
        self._ending = Ending(floor)
        self._go_on_is_due = False
        """A piece of a number was kept in silence; a caller who waits is told to go on."""
        self._last_details: dict[Field, str] = {}

    # The way

    def begin(self, trigger: Trigger, *lead: Prompt) -> None:
        """With the amount: the one that came with the call, or a question."""
        amount, payment = self.payment.call.amount, self.payment
        why_not = payment.amount.why_not(amount) if amount is not None else ()
        self._route.minimum_offered = payment.amount.instead_of(amount)
        if amount is not None:
            self._offer(amount, "amount.confirm_given")
        if why_not:
            self._floor.notify(Field.AMOUNT, StepState.FAILED, ErrorName.INVALID_AMOUNT)
            self._offer_minimum()
        if payment.given_is_final:
            why_not = (*why_not, Prompt("amount.cannot_change"))
        error = ErrorName.INVALID_AMOUNT if why_not else None
        self.go(trigger, *lead, *why_not, error=error, reason=Field.AMOUNT)

    def offer_other(self) -> bool:
        """Of two amounts heard, the other; False where there is none left to offer."""
        if self._otherwise is None:
            return False
        self._offer(self._otherwise, "amount.offer_other")
        self.go(Trigger.OFFERED)
        return True

    def go(
        self,
        trigger: Trigger,
        *lead: Prompt,
        to: State | None = None,
        error: ErrorName | None = None,
        reason: str = "",
    ) -> None:
        """Take a step of the flow and do what the state it leads to is for.

        to: the question, where several may be. error, reason: for the result, where it closes.
        """
        step = self.step
        self._arrive(self.take(trigger, to), *lead, error=error, reason=reason or step)

    def _arrive(
        self, way: Way, *lead: Prompt, error: ErrorName | None = None, reason: str = ""
    ) -> None:
        if way.result is not None:
            self._close(way.result, *lead, error=error, reason=reason)
        elif self.state is State.CARD_CHECK:
            self._ask_service(*lead)
        else:
            self.ask(*lead)

    def prompt_played(self, say_id: int, *, completed: bool) -> None:
        if say_id == self._read_back_id:
            self.read_back_was_heard = completed
        if self._ending.waits_for(say_id):
            self.end()

    # Answers

    def settle(self, field: Field, verdict: Verdict) -> None:
        """Act on what the field that is being asked made of an answer."""
        match verdict:
            case Taken():
                self.taken(field, verdict)
            case Partial():
                self._keep_piece()
            case Refused(error, why, instead):
                self._route.minimum_offered = instead
                self.refuse(error, *why)
            case Unanswered():
                self.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
            case Told(say):
                self.ask(*say)
            case Offered(amount, prompt_id, otherwise):
                self._offer(amount, prompt_id, otherwise)
                self.go(Trigger.OFFERED)

    def _keep_piece(self) -> None:
        """Silence while the caller draws breath; "go on" to one who waits (`payment.go_on_ms`)."""
        self._go_on_is_due = True
        if self._settings.go_on_ms == 0:
            self._say_go_on()
        else:
            self._floor.wait_for_next_piece()
        self.listen()

    def _say_go_on(self) -> None:
        self._go_on_is_due = False
        self._floor.say(self._floor.pick(Prompt("card_number.go_on")))

    def turn_to(self, field: Field) -> None:
        """A field is corrected: its question is open, and not asked yet."""
        if self.field is not field:
            self.take(Trigger.CORRECTED, STATE_OF[field])

    def taken(
        self, field: Field, taken: Taken, trigger: Trigger = Trigger.ANSWERED, *lead: Prompt
    ) -> None:
        said = self.note_taken(field, taken, confirmed=trigger is Trigger.YES)
        self.go(trigger, *lead, *said)
        if taken.typed_ahead is not None:
            self._type_ahead(taken.typed_ahead)

    def note_taken(
        self, field: Field, taken: Taken, *, confirmed: bool = False
    ) -> tuple[Prompt, ...]:
        """A field has its value, which a yes may have confirmed already; what is to be said of it,
        before the flow goes on."""
        self.payment.was_given(field)
        if confirmed:
            self.payment.confirm(field)
        unchanged = field in {Field.AMOUNT, Field.EXPIRY} and (
            self._last_details.get(field) == taken.detail
        )
        self._last_details[field] = taken.detail
        corrected = field in self.correcting and not unchanged
        self.correcting.discard(field)
        self.accept(field)
        return (Prompt(f"corrected.{field}"),) if corrected else ()

    def accept(self, field: Field, detail: str = "") -> None:
        """Its value stands, unless it still needs a service's word, or the caller's.

        detail: what may be shown of it, where that is known better now.
        """
        if detail:
            self._last_details[field] = detail
        unchecked = field is Field.CARD_NUMBER and self.payment.card_is_unchecked
        if not unchecked and self.payment.unconfirmed() is not field:
            self._route.accepted(field)
            self._floor.notify(field, StepState.DONE, self._last_details.get(field, ""))

    def _type_ahead(self, digits: SecretDigits) -> None:
        """Keys pressed beyond the end of one field count for the next. Never for the read-back:
        a key that was meant for something else must not pay."""
        for digit in digits.reveal():
            self.press(digit)
        digits.wipe()

    def press(self, digit: str) -> None:
        """A digit key for the field that is being asked; nothing at any other question."""
        machine, field = self.machine, self.field
        if machine is None or field is None:
            return
        self._floor.stop_saying()
        self._go_on_is_due = False
        verdict = machine.press(digit)
        if isinstance(verdict, Partial):
            self._floor.wait_for_key()
            self.listen()
        else:
            self._floor.stop_timer(TimerName.INTER_DIGIT)
            self.settle(field, verdict)

    def end_keys(self) -> None:
        """`#` or the inter-digit timer: what was keyed is the answer."""
        machine, field = self.machine, self.field
        if machine is None or field is None or not len(machine.gathered):
            return
        self._floor.stop_saying()
        self._floor.stop_timer(TimerName.INTER_DIGIT)
        self.settle(field, machine.end_of_keys())

    def refuse(self, error: ErrorName, *why: Prompt, to: State | None = None) -> None:
        """A wrong input: ask again while tries are left. to: the field that is asked again, and
        whose tries count, where that is not this question's."""
        step = self.step
        self._route.wrong_input(to or self.state)
        self._floor.notify(step, StepState.FAILED, error)
        way = self.take(Trigger(error), to)
        if way.result is not None:
            self._close(way.result, error=error, reason=step)
            return
        if self.state is State.AMOUNT_CONFIRMATION:
            self._offer_minimum()
        self.ask(*why)

    def no_input(self) -> None:
        if self._go_on_is_due:
            self._say_go_on()
            return
        self._floor.notify(self.step, StepState.FAILED, ErrorName.TIMEOUT)
        self.take(Trigger.NO_INPUT)
        if self._floor.remind() <= _REMINDERS:
            self.ask(Prompt("no_input"))
        else:
            self._floor.be_patient()
            self._floor.say(self._floor.pick(Prompt("still_there")))

    def _ask_service(self, *lead: Prompt) -> None:
        """Whether the card is valid, and of which brand; `card_check.py` hears the answer."""
        card = self.payment.card.value
        if card is None:
            raise AssertionError("no card to check")
        self._floor.stop_timer(TimerName.NO_INPUT, TimerName.INTER_DIGIT)
        self._floor.speech_ended()
        self._floor.say(self._floor.pick(*lead, Prompt("card_number.checking")))
        self.listen()
        self._floor.do(LookUp(card.duplicate()))

    # All of it again

    def card_declined(self, why: Prompt, reason: str) -> None:
        self._route.declined()
        step = Trigger.CARD_DECLINED
        way = self.take(step)
        if way.result is not None:
            self._close(way.result, why, error=ErrorName.CARD_DECLINED, reason=reason)
            return
        self.payment.forget_card()
        self.correcting.clear()
        self._floor.had_input()
        self.ask(why, Prompt("charge.another_card"))

    def start_over(self, *lead: Prompt) -> None:
        self.payment.forget_everything()
        self.correcting.clear()
        self.begin(Trigger.START_OVER, *lead)

    def not_available(self, field: Field) -> None:
        """The caller does not have it: say where it is; the second time, a person helps."""
        self._route.not_available()
        way = self.take(Trigger.NOT_AVAILABLE)
        if way.result is not None:
            self._close(way.result, reason=f"{field} not available")
        else:
            self.repeat(Prompt(f"not_available.{field}"))

    # The end

    def close(
        self,
        trigger: Trigger,
        *lead: Prompt,
        error: ErrorName | None = None,
        reason: str = "",
        reference: str | None = None,
    ) -> None:
        """Take a step that closes the payment."""
        way = self.take(trigger)
        if way.result is None:
            raise AssertionError(f"{trigger} does not close a payment")
        self._close(way.result, *lead, error=error, reason=reason, reference=reference)

    def _close(
        self,
        status: ResultName,
        *lead: Prompt,
        error: ErrorName | None = None,
        reason: str = "",
        reference: str | None = None,
    ) -> None:
        """The result stands; say the last words, then `end`."""
        to = destination_of(status, self._settings)
        if error is ErrorName.NOT_CONFIRMED:
            to = self._settings.after_failure  # a fixed amount was denied: back to who gave it
        result = self._result(status, error, reason, reference)
        self.payment.wipe()
        self._floor.stop_timer(*TimerName)
        self._floor.had_input()
        self._ending.begin(result, to, *lead)
        self.listen()

    def end(self) -> None:
        """After the last words, or when they cannot be played."""
        if self._ending.result is not None:
            self.take(Trigger.SAID)
            self._ending.hand_over()
            self._ending.finish(self._ending.result)

    def hang_up(self) -> None:
        """A result that stands, stands. A charge under way goes on without the call: its request
        has secrets of its own."""
        reason = "while charging" if self.state is State.CHARGING else self.step
        hung_up = self._result(ResultName.CALLER_HUNG_UP, None, reason, None)
        self.take(Trigger.HUNG_UP)
        self.payment.wipe()
        self._ending.finish(self._ending.result or hung_up)

    def _result(
        self, status: ResultName, error: ErrorName | None, reason: str, reference: str | None
    ) -> PaymentResult:
        return PaymentResult(
            status=status,
            reason=str(reason),
            error=error,
            reference=reference,
            amount=self.payment.amount.value,
            brand=self.payment.brand,
            last_four=self.payment.last_four,
            corrections_by_rasa=tuple(self.corrections_by_rasa),
        )
