"""The Stripe adapter: PaymentIntents through Stripe's own client, over our line.

    charge    POST /v1/payment_methods   the card; no money moves, so any failure takes nothing
              POST /v1/payment_intents   created and confirmed at once, with the idempotency key
    look-up   GET  /v1/payment_intents          the newest ones, which are listed at once
              GET  /v1/payment_intents/search   by our key in the metadata, up to an hour late
              GET  /v1/payment_intents/{id}     as it is now

Stripe keeps an idempotency key's first answer, errors too, for at least 24 hours. A repeated
request would carry out one that never arrived, so a look-up does not repeat: it only asks.

The client makes requests and reads answers; connections, timeouts and "sent or not" are our
line's. It never retries, logs nothing (its debug log holds whole requests) and sends no
telemetry. Law 6: the card's digits are revealed in `_card` only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import httpx
import stripe
from stripe.params import (
    PaymentIntentCreateParams,
    PaymentMethodCreateParams,
    PaymentMethodCreateParamsCard,
)

from bot.charges import ChargeRequest, ChargeStatus
from bot.errors import GatewayError
from bot.gateway_settings import GATEWAY_TOKEN_VARIABLE, GatewaySettings
from bot.money import Money
from bot.paying.gateway import (
    GatewayAnswer,
    KeyState,
    NothingTaken,
    OutcomeUnknown,
    RepeatedKey,
    Semantics,
)
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.line import DECLARED_DELAY_MS, Line, LineGateway, NoReply
from bot.paying.gateways.stripe_answers import (
    ATTEMPT,
    FINAL_STATUSES,
    REFERENCE,
    read_error,
    read_intent,
    reason_of,
    stripe_amount,
)
from bot.paying.references import reference_of_key

SEMANTICS = Semantics(
    repeated_key=RepeatedKey.SAME_ANSWER,
    key_lifetime_seconds=24 * 3600,
    can_look_up=True,
    # Stripe's search may be an hour behind; what it does not find before proves nothing.
    carried_out_within_seconds=2 * 3600,
    final_statuses=FINAL_STATUSES,
    exchanges_per_charge=2,
)

_NEWEST = 30
_LONGEST_LIST_BYTES = 1024 * 1024
_METADATA_LENGTH = 500
_HEADERS = {"authorization", "content-type", "idempotency-key", "stripe-account", "stripe-version"}
"""What Stripe needs. Its client would also tell of this machine."""

_T = TypeVar("_T")


class StripeGateway(LineGateway):
    """Stripe, or what speaks like it, at `settings.url`. See `Line` for the arguments."""

    def __init__(
        self,
        settings: GatewaySettings,
        credentials: Credentials | None = None,
        *,
        url: str | None = None,
        declared_delays: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        credentials = credentials or Credentials()
        secret_key = credentials.token.get_secret_value()
        if not secret_key:
            raise GatewayError(
                'gateway.kind = "stripe": Stripe\'s secret key is missing; set '
                f"{GATEWAY_TOKEN_VARIABLE} or gateway.token_file"
            )
        _keep_quiet()
        line = Line(
            settings,
            credentials,
            url=url,
            declared_delays=declared_delays,
            transport=transport,
            longest_answer_bytes=_LONGEST_LIST_BYTES,
        )
        super().__init__(line, SEMANTICS)
        self._moto = settings.stripe.moto
        self._client = stripe.StripeClient(
            secret_key,
            stripe_account=settings.stripe.account or None,
            base_addresses={"api": str(line.url).rstrip("/")},
            max_network_retries=0,
            http_client=_OurLine(line),
        ).v1

    async def _charge(self, request: ChargeRequest, key: str) -> GatewayAnswer | BaseException:
        amount = stripe_amount(request.amount)
        if amount is None:
            return NothingTaken("not sent: Stripe does not take exactly this amount and currency")
        method = await _answered(self._client.payment_methods.create_async(_card(request)))
        if not isinstance(method, _Answer):
            return _without_method(method)
        method_id = method.body.get("id")
        if not isinstance(method_id, str):
            return NothingTaken("not charged: Stripe gave the card no name", method.delay_ms)
        params = self._intent(request, key, amount, method_id)
        created = await _answered(
            self._client.payment_intents.create_async(params, {"idempotency_key": key})
        )
        return _read_created(created, key, request.amount, method.delay_ms)

    async def _look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState | BaseException:
        intents = self._client.payment_intents
        listed = _named(await _answered(intents.list_async({"limit": _NEWEST})), key)
        if listed is None or isinstance(listed, BaseException):
            if isinstance(listed, BaseException):
                return listed
            quoted = key.replace("\\", "\\\\").replace('"', '\\"')
            query = f'metadata["{ATTEMPT}"]:"{quoted}"'
            found = _named(await _answered(intents.search_async({"query": query})), key)
            if isinstance(found, BaseException):
                return found
            if found is None:
                return KeyState.NOT_FOUND
            # What is found may be as it was a while ago.
            now = await _answered(intents.retrieve_async(str(found.get("id"))))
            if not isinstance(now, _Answer):
                return _no_look_up(now)
            listed = now.body
        return read_intent(listed, key, amount, 0)

    def _intent(
        self, request: ChargeRequest, key: str, amount: int, method_id: str
    ) -> PaymentIntentCreateParams:
        reference = reference_of_key(key)
        metadata = {ATTEMPT: key, REFERENCE: reference, "call_id": request.call_id}
        if request.merchant_id is not None:
            metadata["merchant_id"] = request.merchant_id
        if request.payment_reference is not None:
            metadata["payment_reference"] = request.payment_reference
        params: PaymentIntentCreateParams = {
            "amount": amount,
            "currency": request.amount.currency.lower(),
            "payment_method": method_id,
            "allowed_payment_method_types": ["card"],
            "confirm": True,
            # A caller cannot be sent to a web page of the bank: then it is declined.
            "error_on_requires_action": True,
            "description": f"Telephone payment {reference}",
            "metadata": {name: text[:_METADATA_LENGTH] for name, text in metadata.items()},
        }
        if self._moto:
            params["payment_method_options"] = {"card": {"moto": True}}
        return params


class _Answer:
    """A body that came with a 2xx."""

    __slots__ = ("body", "delay_ms")

    def __init__(self, body: Mapping[str, Any], delay_ms: int) -> None:
        self.body = body
        self.delay_ms = delay_ms


class _Refusal:
    """A body that came with another status."""

    __slots__ = ("body", "delay_ms", "status")

    def __init__(self, status: int | None, body: object, delay_ms: int) -> None:
        self.status = status
        self.body = body
        self.delay_ms = delay_ms


class _NoReply(Exception):
    def __init__(self, why: NoReply) -> None:
        super().__init__()
        self.why = why


class _OurLine(stripe.HTTPClient):
    """Stripe's client, sent over our line: once, and nothing of its own."""

    name = "payment-voicebot"

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    async def request_with_retries_async(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: str | None = None,
        max_network_retries: int | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        needed = {name: value for name, value in headers.items() if name.lower() in _HEADERS}
        content = None if post_data is None else post_data.encode()
        reply = await self._line.exchange(method.upper(), url, needed, content)
        if isinstance(reply, BaseException):
            raise _NoReply(reply)
        return reply.body, reply.status, {DECLARED_DELAY_MS: str(reply.delay_ms)}


async def _answered(call: Awaitable[stripe.StripeObject]) -> _Answer | _Refusal | NoReply:
    """What came of a call of Stripe's client. Raises nothing: its exceptions know the request."""
    try:
        answer = (await call).last_response
    except _NoReply as error:
        return error.why
    except asyncio.CancelledError:
        return asyncio.CancelledError()
    except stripe.StripeError as error:
        return _Refusal(error.http_status, error.json_body, _delay_ms(error.headers))
    except Exception as error:  # noqa: BLE001 - whatever it was, bytes may have gone out
        return OutcomeUnknown(f"Stripe's answer makes no sense ({type(error).__name__})")
    if answer is None or not isinstance(answer.data, Mapping):
        return OutcomeUnknown("Stripe's answer is not a JSON object")
    return _Answer(answer.data, _delay_ms(answer.headers))


def _delay_ms(headers: Mapping[str, str] | None) -> int:
    return int((headers or {}).get(DECLARED_DELAY_MS, "0"))


def _without_method(refusal: _Refusal | NoReply) -> GatewayAnswer | BaseException:
    """The card could not be told to Stripe, so no money was ever asked for."""
    if isinstance(refusal, asyncio.CancelledError | NothingTaken):
        return refusal
    if isinstance(refusal, OutcomeUnknown):
        return NothingTaken(
            f"not charged, the card was not taken: {refusal}", refusal.declared_delay_ms
        )
    body = refusal.body if isinstance(refusal.body, Mapping) else {}
    error = body.get("error")
    if refusal.status == 402 and isinstance(error, Mapping) and error.get("type") == "card_error":
        return GatewayAnswer(ChargeStatus.DECLINED, None, reason_of(error), refusal.delay_ms)
    return NothingTaken(
        f"not charged: Stripe did not take the card (status {refusal.status}); it takes card "
        "numbers only from accounts that it allows to send them",
        refusal.delay_ms,
    )


def _read_created(
    created: _Answer | _Refusal | NoReply, key: str, amount: Money, earlier_ms: int
) -> GatewayAnswer | BaseException:
    if isinstance(created, _Refusal):
        delay_ms = earlier_ms + created.delay_ms
        return read_error(created.status, created.body, key, amount, delay_ms)
    if not isinstance(created, _Answer):
        return created
    answer = read_intent(created.body, key, amount, earlier_ms + created.delay_ms)
    if isinstance(answer, KeyState):
        return OutcomeUnknown("Stripe is still at it", earlier_ms + created.delay_ms)
    return answer


def _named(
    listed: _Answer | _Refusal | NoReply, key: str
) -> Mapping[str, Any] | BaseException | None:
    """The one PaymentIntent in a list that is ours; None when there is none."""
    if not isinstance(listed, _Answer):
        return _no_look_up(listed)
    data = listed.body.get("data")
    if not isinstance(data, list):
        return OutcomeUnknown("Stripe's list is none")
    ours = [
        intent
        for intent in data
        if isinstance(intent, Mapping)
        and isinstance(metadata := intent.get("metadata"), Mapping)
        and metadata.get(ATTEMPT) == key
    ]
    if len(ours) > 1:
        return OutcomeUnknown("Stripe has more than one PaymentIntent with this key")
    return ours[0] if ours else None


def _no_look_up(refusal: _Refusal | NoReply) -> BaseException:
    if isinstance(refusal, _Refusal):
        return OutcomeUnknown(f"Stripe answered the look-up with status {refusal.status}")
    return refusal


def _card(request: ChargeRequest) -> PaymentMethodCreateParams:
    card: PaymentMethodCreateParamsCard = {
        "number": request.card.reveal(),
        "exp_month": request.expiry.month,
        "exp_year": request.expiry.year,
    }
    if request.security_code is not None:
        card["cvc"] = request.security_code.reveal()
    params: PaymentMethodCreateParams = {"type": "card", "card": card}
    if request.postal_code is not None:
        params["billing_details"] = {"address": {"postal_code": request.postal_code}}
    return params


def _keep_quiet() -> None:
    """Stripe's client logs whole requests at debug, or prints them where STRIPE_LOG says so."""
    logger = logging.getLogger("stripe")
    if _nothing not in logger.filters:
        logger.addFilter(_nothing)
    stripe.log = None
    stripe._util.STRIPE_LOG = None
    stripe.enable_telemetry = False


def _nothing(_: logging.LogRecord) -> bool:
    return False
