"""The open question: what is asked, in which words, and what is expected as an answer."""

from __future__ import annotations

from dataclasses import replace

from bot.dialog.commands import StepState
from bot.dialog.events import CallStarted
from bot.dialog.fields.machine import FieldMachine
from bot.dialog.floor import Floor
from bot.dialog.flow import FIELD_OF, State, Trigger, Way
from bot.dialog.payment import Payment
from bot.dialog.read_back import ReadBack
from bot.dialog.route import Route
from bot.expectations import Expectation, Field, Kind
from bot.money import Money
from bot.prompts import Prompt
from bot.settings import PaymentSettings


class OpenQuestion:
    """Where in the flow a payment is, and how that is asked."""

    def __init__(self, call: CallStarted, settings: PaymentSettings, floor: Floor) -> None:
        self.payment = Payment(call, settings)
        self.read_back = ReadBack(self.payment, settings)
        self.offered: Money | None = None
        """The amount an AMOUNT_CONFIRMATION is about."""
        self.confirming: Field | None = None
        """What a FIELD_CONFIRMATION is about."""
        self.read_back_was_heard = False
        """What a yes agrees to was played to its end."""
        self._floor = floor
        self._words = tuple(word.lower() for word in settings.agent_words)
        self._route = Route(self.payment, settings)
        self._question: tuple[Prompt, ...] = ()
        self._offer_prompt = ""
        self._otherwise: Money | None = None
        """Offered next when the amount that is being offered is refused."""
        self._read_back_id = 0
        self._repeats = 0

    @property
    def state(self) -> State:
        return self._route.state

    @property
    def question_number(self) -> int:
        return self._route.question_number

    @property
    def machine(self) -> FieldMachine | None:
        """Of the field that is being asked."""
        return self.payment.machines[self.field] if self.field is not None else None

    @property
    def field(self) -> Field | None:
        return FIELD_OF.get(self.state)

    @property
    def asked_about(self) -> Field | None:
        """The field an answer may give: the one that is asked for, or whose value is confirmed."""
        match self.state:
            case State.AMOUNT_CONFIRMATION:
                return Field.AMOUNT
            case State.FIELD_CONFIRMATION:
                return self.confirming
            case _:
                return self.field

    @property
    def is_read_back(self) -> bool:
        """A yes agrees to what must have been heard first."""
        return self.state in {State.CONFIRMATION, State.FIELD_CONFIRMATION}

    @property
    def step(self) -> str:
        """The open question as an agent or a page names it."""
        match self.state:
            case State.AMOUNT_CONFIRMATION | State.FIELD_CONFIRMATION:
                return self.asked_about or State.CONFIRMATION
            case State.CARD_CHECK:
                return Field.CARD_NUMBER
            case State.WHICH:
                return State.CONFIRMATION
            case State.CHARGING:
                return "charge"
            case state:
                return state

    def take(self, trigger: Trigger, to: State | None = None) -> Way:
        """Take a step of the flow, and say nothing yet."""
        number = self.question_number
        way = self._route.take(trigger, to)
        if self.question_number != number:
            self.read_back_was_heard = False
            self._repeats = 0
            waits = self.state is State.FIELD_CONFIRMATION
            self.confirming = self.payment.unconfirmed() if waits else None
            self._route.good_input(State.FIELD_CONFIRMATION)
        return way

    def _offer(self, amount: Money, prompt_id: str, otherwise: Money | None = None) -> None:
        self.offered, self._offer_prompt, self._otherwise = amount, prompt_id, otherwise

    def _offer_minimum(self) -> None:
        if self._route.minimum_offered is not None:
            self._offer(self._route.minimum_offered, "amount.offer_minimum")

    def ask(self, *lead: Prompt) -> None:
        """Ask the open question, in its next variant."""
        self._repeats = 0
        self._go_on_is_due = False
        if self.machine is not None:
            self.machine.asked_anew()
        self._floor.notify(self.step, StepState.ENTERING)
        if self.is_read_back and not self.read_back_was_heard:
            self.read_out(*lead)
        else:
            self._question = self._pick_question()
            self._floor.say((*self._floor.pick(*lead), *self._question))
        self.listen()

    def repeat(self, *lead: Prompt) -> None:
        """Say the open question again as it was said; the third time in other words."""
        machine = self.machine
        self._repeats += 1
        if self.is_read_back and not self.read_back_was_heard:
            self.read_out(*lead)
        elif machine is not None and len(machine.gathered):
            self.ask(*lead)  # what is there already has changed since
        else:
            if self._repeats > 1:
                self._question = self._pick_question()
            self._floor.say((*self._floor.pick(*lead), *self._question))

    def _pick_question(self) -> tuple[Prompt, ...]:
        return self._floor.pick_question(self._question_prompt())

    def _question_prompt(self) -> Prompt:
        if self.machine is not None:
            return self.machine.ask()
        match self.state:
            case State.AMOUNT_CONFIRMATION if self.offered is not None:
                return Prompt(self._offer_prompt, {"amount": self.offered})
            case State.FIELD_CONFIRMATION:
                return Prompt("each_field.question")
            case State.WHICH:
                return Prompt("which.ask")
            case _:
                return self.read_back.question()

    def read_out(self, *lead: Prompt, interruptible: bool = True) -> None:
        """Say what a yes agrees to, and ask. It is a Say of its own, so that it is known whether
        it was heard: only then does a "yes" count."""
        floor, read_back = self._floor, self.read_back
        self.read_back_was_heard = False
        if self.confirming is not None:
            bound = read_back.of_field(self.confirming)
        else:
            bound = read_back.card_and_amount(slow=floor.slow)
        self._read_back_id = floor.say(floor.pick(*lead, *bound), interruptible=interruptible)
        self._question = self._pick_question()
        rest = read_back.rest() if self.confirming is None else ()
        floor.say((*floor.pick(*rest), *self._question))

    def listen(self) -> None:
        """Tell what is expected now."""
        if self.machine is not None:
            expectation = self.machine.expectation()
        elif self.state is State.AMOUNT_CONFIRMATION:
            expectation = Expectation(Kind.YES_NO, field=Field.AMOUNT)
        else:
            # Open also where something was read back: a "no" may say in the same breath what is
            # wrong in it ("no, the last four are …").
            expectation = Expectation(Kind.OPEN)
        self._floor.listen(
            replace(
                expectation,
                language=self.payment.call.language,
                question=self.question_number,
                words=self._words,
            )
        )
