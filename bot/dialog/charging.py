"""The charge: one request for each confirmed read-back, and what its answer means (R1, 7 and 8).

Who says "yes" may go on: "yes ... but the expiry is wrong". The bot answers at once that it takes
the payment, and sends the charge when nothing more was said for `payment.second_thought_ms`. A
sound without words, a "thank you" or another yes only delays it; any other words take the yes back.
A key is pressed on purpose: the key 1 charges at once.
"""

from __future__ import annotations

from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus, DeclineReason
from bot.dialog.commands import Charge, StepState
from bot.dialog.course import Course
from bot.dialog.events import TimerName
from bot.dialog.floor import Floor
from bot.dialog.flow import Trigger
from bot.money import Money
from bot.prompts import Prompt, Reference


class Charging:
    """Sends charges one at a time and acts on their answers."""

    def __init__(self, course: Course, floor: Floor) -> None:
        self._course = course
        self._floor = floor
        self._request: ChargeRequest | None = None
        self._wait: tuple[Prompt, ...] = ()
        """That the payment is being taken; until it was heard."""
        self._wait_id = 0
        self.agreed = False
        """Yes was said to what was read back, and may still be taken back."""

    def agree(self) -> None:
        """The caller said yes, and may go on."""
        self.agreed = True
        self._floor.stop_timer(TimerName.NO_INPUT, TimerName.INTER_DIGIT)
        # What no voice can stop nobody could object to, and over a voice nobody would hear it.
        if self._floor.voice_may_interrupt(Prompt("charge.wait")) and not self._floor.caller_speaks:
            self._say_wait()
        self._floor.wait_for_second_thought()

    def go_on_after_noise(self) -> None:
        """Nothing was said since the yes that takes it back."""
        self._floor.go_on_saying()
        self._floor.wait_for_second_thought()

    def prompt_played(self, say_id: int, *, completed: bool) -> None:
        if completed and say_id == self._wait_id:
            self._wait = ()

    def take_back(self, *, tell: bool = True) -> None:
        """That yes does not count. tell: that nothing was charged, if the bot has said it would."""
        if not self.agreed:
            return
        self.agreed = False
        self._floor.stop_timer(TimerName.SECOND_THOUGHT)
        if tell and self._wait_id:
            self._floor.say(self._floor.pick(Prompt("charge.not_yet")))
        self._forget_wait()

    def charge(self) -> None:
        """The read-back of exactly this card and amount was heard and confirmed."""
        self.agreed = False
        self._floor.notify(self._course.step, StepState.DONE)
        self._course.take(Trigger.YES)
        self._request = self._course.payment.charge_request()
        self._floor.stop_timer(*TimerName)
        self._floor.speech_ended()  # what is being said now can change nothing any more
        self._floor.notify(self._course.step, StepState.ENTERING)
        if not self._wait_id or (self._wait and not self._floor.is_saying):
            self._say_wait()
        self._forget_wait()
        self._course.listen()
        self._floor.do(Charge(self._request))

    def _say_wait(self) -> None:
        self._wait = self._wait or self._floor.pick(Prompt("charge.wait"))
        self._wait_id = self._floor.say(self._wait, interruptible=self.agreed)

    def _forget_wait(self) -> None:
        self._wait, self._wait_id = (), 0

    def charge_answered(self, outcome: ChargeOutcome) -> None:
        request = self._request
        if request is None or outcome.attempt_id != request.attempt_id:
            return
        self._request = None
        self._wipe_request(request)
        approved = outcome.status is ChargeStatus.APPROVED
        detail = outcome.decline_reason or outcome.status
        self._floor.notify(
            self._course.step, StepState.DONE if approved else StepState.FAILED, detail
        )
        match outcome.status:
            case ChargeStatus.APPROVED:
                self._approved(request.amount, outcome.reference)
            case ChargeStatus.DECLINED:
                reason = outcome.decline_reason or DeclineReason.DECLINED
                self._course.card_declined(Prompt(f"charge.declined.{reason}"), reason)
            case ChargeStatus.UNAVAILABLE:
                self._course.close(Trigger.UNAVAILABLE)
            case ChargeStatus.UNKNOWN:
                self._course.close(Trigger.UNKNOWN)

    def _wipe_request(self, request: ChargeRequest) -> None:
        """The answer is here: the security code is gone (PCI DSS 4.0.1 3.3.1), and so is the
        request's copy of the number, which nothing may send again."""
        self._course.payment.security_code.forget()
        request.card.wipe()
        if request.security_code is not None:
            request.security_code.wipe()

    def _approved(self, amount: Money, reference: str | None) -> None:
        said = Prompt("charge.approved_without_reference", {"amount": amount})
        if reference and (to_say := Reference(reference)).is_sayable:
            said = Prompt("charge.approved", {"amount": amount, "reference": to_say})
        self._course.close(Trigger.APPROVED, said, reference=reference)
