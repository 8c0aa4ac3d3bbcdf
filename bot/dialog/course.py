"""The course of a payment: which question is open, what an answer leads to, how it ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bot.cards import SecretDigits
from bot.dialog import confirmation
from bot.dialog.commands import End, HandOver, StepState
from bot.dialog.ending import destination_of, last_words
from bot.dialog.events import CallStarted, TimerName
from bot.dialog.fields.machine import FieldMachine
from bot.dialog.fields.verdicts import Offered, Partial, Refused, Taken, Told, Unanswered, Verdict
from bot.dialog.floor import Floor
from bot.dialog.flow import FIELD_QUESTIONS, FLOW, STATE_OF, State
from bot.dialog.payment import Payment
from bot.expectations import Expectation, Field, Kind
from bot.money import Money
from bot.outcomes import Destination, ErrorName, PaymentResult, ResultName
from bot.prompts import Prompt
from bot.settings import PaymentSettings

NOT_UNDERSTOOD = (Prompt("not_understood"),)


class Course:
    """One payment from its first question to its result."""

    def __init__(self, call: CallStarted, settings: PaymentSettings, floor: Floor) -> None:
        self.state = State.WAITING
        self.payment = Payment(call, settings)
        self.question_number = 0
        """Of the question that is open; asking again keeps it, another question gets the next."""
        self.offered: Money | None = None
        """The amount an AMOUNT_CONFIRMATION is about."""
        self.read_back_was_heard = False
        """Amount and card of the present read-back were played to their end."""
        self._settings = settings
        self._floor = floor
        self._question: tuple[Prompt, ...] = ()
        self._offer_prompt = ""
        self._money_say_id = 0
        self._wrong_inputs: Counter[State] = Counter()
        self._last_details: dict[Field, str] = {}
        self.correcting: set[Field] = set()
        """Fields whose new value will be announced as a change."""
        self.corrections_by_rasa: list[str] = []
        self._ending: tuple[int, Destination, PaymentResult] | None = None

    # The open question

    @property
    def machine(self) -> FieldMachine | None:
        """Of the field that is being asked."""
        return self.payment.machines[self.field] if self.field is not None else None

    @property
    def field(self) -> Field | None:
        return Field(self.state.value) if self.state in FIELD_QUESTIONS else None

    @property
    def step(self) -> str:
        """The open question as an agent or a page names it."""
        match self.state:
            case State.AMOUNT_CONFIRMATION:
                return Field.AMOUNT
            case State.WHICH:
                return State.CONFIRMATION
            case State.CHARGING:
                return "charge"
            case state:
                return state

    def begin(self, *lead: Prompt) -> None:
        """With the amount: the one that came with the call, or a question."""
        amount = self.payment.call.amount
        why_not = self.payment.amount.why_not(amount) if amount is not None else ()
        if amount is not None and not why_not:
            self.offer(amount, "amount.confirm_given", *lead)
            return
        if why_not:
            self._floor.notify(Field.AMOUNT, StepState.FAILED, ErrorName.INVALID_AMOUNT)
        if why_not and self.payment.amount_is_fixed:
            why = (*lead, *why_not, Prompt("amount.cannot_change"))
            self.close(
                ResultName.TOO_MANY_FAILED_ATTEMPTS, *why, error=ErrorName.INVALID_AMOUNT,
                reason=Field.AMOUNT,
            )  # fmt: skip
            return
        self.go(State.AMOUNT, *lead, *why_not)

    def offer(self, amount: Money, prompt_id: str, *lead: Prompt) -> None:
        self.offered, self._offer_prompt = amount, prompt_id
        self.go(State.AMOUNT_CONFIRMATION, *lead)

    def go(self, state: State, *lead: Prompt) -> None:
        """Open a question."""
        self.move(state)
        self.question_number += 1
        self.read_back_was_heard = False
        self.ask(*lead)

    def proceed(self, *lead: Prompt) -> None:
        """To the first field that is missing, or to the read-back."""
        missing = self.payment.missing()
        self.go(STATE_OF[missing] if missing is not None else State.CONFIRMATION, *lead)

    def ask(self, *lead: Prompt) -> None:
        """Ask the open question, in its next variant."""
        if self.machine is not None:
            self.machine.gathered.keyed = 0  # asked anew: no further key is being waited for
        self._floor.notify(self.step, StepState.ENTERING)
        if self.state is State.CONFIRMATION and not self.read_back_was_heard:
            self.read_back(*lead)
        else:
            self._question = self._floor.pick_question(self._question_prompt())
            self._floor.say((*self._floor.pick(*lead), *self._question))
        self.listen()

    def repeat(self, *lead: Prompt) -> None:
        """Say the open question again as it was said."""
        machine = self.machine
        if self.state is State.CONFIRMATION and not self.read_back_was_heard:
            self.read_back(*lead)
        elif machine is not None and len(machine.gathered):
            self.ask(*lead)  # what is there already has changed since
        else:
            self._floor.say((*self._floor.pick(*lead), *self._question))

    def _question_prompt(self) -> Prompt:
        if self.machine is not None:
            return self.machine.ask()
        if self.state is State.AMOUNT_CONFIRMATION and self.offered is not None:
            return Prompt(self._offer_prompt, {"amount": self.offered})
        return Prompt("which.ask" if self.state is State.WHICH else "confirm.question")

    def read_back(self, *lead: Prompt, interruptible: bool = True) -> None:
        """Say what is to be paid, and ask. Amount and card are a Say of their own, so that it is
        known whether they were heard: only then does a "yes" count."""
        floor, slow = self._floor, self._floor.slow
        self.read_back_was_heard = False
        money = (*lead, *confirmation.money_side(self.payment, slow=slow))
        self._money_say_id = floor.say(floor.pick(*money), interruptible=interruptible)
        self._question = floor.pick_question(self._question_prompt())
        floor.say((*floor.pick(*confirmation.rest(self.payment)), *self._question))

    def listen(self) -> None:
        """Tell what is expected now."""
        if self.machine is not None:
            expectation = self.machine.expectation()
        elif self.state is State.AMOUNT_CONFIRMATION:
            expectation = Expectation(Kind.YES_NO, field=Field.AMOUNT)
        else:
            # Open also at "is everything right?": a "no" may say what is wrong in the same breath.
            expectation = Expectation(Kind.OPEN)
        language = self.payment.call.language
        self._floor.listen(replace(expectation, language=language, question=self.question_number))

    def prompt_played(self, say_id: int, *, completed: bool) -> None:
        if say_id == self._money_say_id:
            self.read_back_was_heard = completed
        if self._ending is not None and say_id == self._ending[0]:
            self.end()

    # Answers

    def settle(self, field: Field, verdict: Verdict) -> None:
        """Act on what a field made of an answer."""
        match verdict:
            case Taken():
                self._taken(field, verdict)
            case Partial():
                self._floor.say(self._floor.pick(Prompt("card_number.go_on")))
                self.listen()
            case Refused(error, why):
                self.refuse(error, *why, state=STATE_OF[field])
            case Unanswered():
                self.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD, state=STATE_OF[field])
            case Told(say) if self.step == field:
                self.ask(*say)
            case Told(say):
                self.go(STATE_OF[field], *say)
            case Offered(amount):
                self.offer(amount, "amount.offer_balance")

    def _taken(self, field: Field, taken: Taken) -> None:
        self._wrong_inputs[STATE_OF[field]] = 0
        self._floor.notify(field, StepState.DONE, taken.detail)
        if field is Field.CARD_NUMBER:
            self.payment.fit_to_card()
        unchanged = field in {Field.AMOUNT, Field.EXPIRY} and (
            self._last_details.get(field) == taken.detail
        )
        self._last_details[field] = taken.detail
        corrected = field in self.correcting and not unchanged
        self.correcting.discard(field)
        self.proceed(*((Prompt(f"corrected.{field}"),) if corrected else ()))
        if taken.typed_ahead is not None:
            self._type_ahead(taken.typed_ahead)

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

    def refuse(self, error: ErrorName, *why: Prompt, state: State | None = None) -> None:
        """A wrong input at a question: ask it again, or give up."""
        state = state or self.state
        self._wrong_inputs[state] += 1
        step = self.step if state is self.state else state
        self._floor.notify(step, StepState.FAILED, error)
        if self._wrong_inputs[state] >= self._settings.max_wrong_inputs:
            self.close(ResultName.TOO_MANY_FAILED_ATTEMPTS, error=error, reason=step)
        elif state is self.state:
            self.ask(*why)
        else:
            self.go(state, *why)

    def no_input(self) -> None:
        self._floor.notify(self.step, StepState.FAILED, ErrorName.TIMEOUT)
        self.ask(Prompt("no_input"))

    def take_offer(self) -> None:
        if self.offered is not None:
            self.settle(Field.AMOUNT, self.payment.amount.take(self.offered))

    def refuse_offer(self) -> None:
        if self.payment.amount_is_fixed:
            self.close(
                ResultName.CALLER_CANCELLED, error=ErrorName.NOT_CONFIRMED, reason=Field.AMOUNT,
                to=self._settings.after_failure,
            )  # fmt: skip
            return
        self.payment.amount.instead = True
        self.go(State.AMOUNT)

    def refuse_read_back(self) -> None:
        self._floor.notify(self.step, StepState.FAILED, ErrorName.NOT_CONFIRMED)
        self.go(State.WHICH)

    def forget_card(self) -> None:
        """For another one, with tries of its own."""
        self.payment.forget_card()
        self.correcting.clear()
        self._wrong_inputs.clear()

    def start_over(self, *lead: Prompt) -> None:
        self.payment.forget_everything()
        self.correcting.clear()
        self.begin(*lead)

    # The end

    def close(
        self,
        status: ResultName,
        *lead: Prompt,
        error: ErrorName | None = None,
        reason: str = "",
        reference: str | None = None,
        to: Destination | None = None,
    ) -> None:
        """The result stands; say the last words, then `end`."""
        to = to or destination_of(status, self._settings)
        result = self._result(status, error, reason, reference)
        self.payment.wipe()
        self.move(State.CLOSING)
        self._floor.stop_timer(TimerName.NO_INPUT, TimerName.INTER_DIGIT)
        self._floor.had_input()
        prompts = self._floor.pick(*lead, *last_words(status, to))
        self._ending = (self._floor.say(prompts, interruptible=False), to, result)
        self.listen()

    def end(self) -> None:
        """After the last words, or when they cannot be played."""
        if self._ending is not None:
            _, to, result = self._ending
            self._floor.do(HandOver(to, result))
            self._finish(result)

    def hang_up(self) -> None:
        """A result that stands, stands. A charge under way goes on without the call: its request
        has secrets of its own."""
        if self._ending is not None:
            self._finish(self._ending[2])
            return
        reason = "while charging" if self.state is State.CHARGING else self.step
        self._finish(self._result(ResultName.CALLER_HUNG_UP, None, reason, None))

    def _finish(self, result: PaymentResult) -> None:
        self.move(State.ENDED)
        self.payment.wipe()
        self._floor.do(End(result))

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

    def move(self, state: State) -> None:
        """Along the flow; anything else is a bug of ours, never of the caller."""
        if state not in FLOW[self.state]:
            raise AssertionError(f"the flow has no way from {self.state} to {state}")
        self.state = state
