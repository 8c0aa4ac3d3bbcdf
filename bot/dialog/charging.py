"""The charge: one request for each confirmed read-back, and what its answer means (R1, 7 and 8)."""

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

    def charge(self) -> None:
        """The read-back of exactly this card and amount was heard and confirmed."""
        self._floor.notify(self._course.step, StepState.DONE)
        self._course.take(Trigger.YES)
        self._request = self._course.payment.charge_request()
        self._floor.stop_timer(*TimerName)
        self._floor.speech_ended()  # what is being said now can change nothing any more
        self._floor.notify(self._course.step, StepState.ENTERING)
        self._floor.say(self._floor.pick(Prompt("charge.wait")), interruptible=False)
        self._course.listen()
        self._floor.do(Charge(self._request))

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
