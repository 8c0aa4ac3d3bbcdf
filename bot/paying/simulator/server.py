"""The simulator as a web application: three counters over one bank and its books.

    POST /v1/charges                Idempotency-Key: KEY; 201 approved, 402 declined
    GET  /v1/charges/by-key/KEY     200 as above, 404 no_such_charge, 409 in_flight
    POST /xml                       the same in XML: `xml.py`
    …    /v1/payment_intents        the same as Stripe does it: `stripe.py`
    GET  /v1/ledger                 what was booked, for tests and curious people
    POST /v1/references/restart     204; counts references from the first one again, for scenarios
    GET  /health                    200; with ?instance=NAME only when started with that name

The same key with the same body gets the same answer, with another body 422, while the first is
under way 409. Errors are `{"error": {"code": …, "message": …}}` and never repeat what was sent. A
client that sends `Prefer-Declared-Delay: 1` is not kept waiting: `Simulated-Delay-Ms` tells it how
long the answer would have taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.paying.simulator.bank import Refused, SimulatedBank
from bot.paying.simulator.cards import TEST_CARDS, Behaviour
from bot.paying.simulator.http import Door, Line
from bot.paying.simulator.ledger import Ledger
from bot.paying.simulator.rest import RestCounter, json_refusal
from bot.paying.simulator.stripe import StripeCounter
from bot.paying.simulator.xml import XmlCounter


class SimulatedGateway:
    """The simulator without its server.

    today: for expiry dates. token: the bearer token that is demanded; empty demands none.
    cards: what to do with which number; others are approved.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        token: str = "",
        instance: str = "",
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        cards: Mapping[str, Behaviour] = TEST_CARDS,
    ) -> None:
        self.bank = SimulatedBank(ledger, today, cards)
        self._ledger = ledger
        self._token = token
        self._instance = instance

    def app(self) -> Starlette:
        door, open_door = Door(self._token), Door()
        return Starlette(
            routes=[
                *RestCounter(self.bank).routes(door),
                *XmlCounter(self.bank).routes(door),
                *StripeCounter(self.bank).routes(door),
                door.route("/v1/ledger", self._get_ledger, json_refusal),
                door.route(
                    "/v1/references/restart", self._restart_references, json_refusal, ("POST",)
                ),
                open_door.route("/health", self._get_health, json_refusal),
            ]
        )

    async def _get_ledger(self, _: Request) -> Response:
        return JSONResponse({"entries": [entry.public() for entry in self._ledger.entries()]})

    async def _restart_references(self, _: Request) -> Response:
        self._ledger.count_anew()
        return Response(status_code=204)

    async def _get_health(self, request: Request) -> Response:
        if request.query_params.get("instance", self._instance) != self._instance:
            raise Refused(404, "other_instance", "this is another simulator")
        return JSONResponse({"status": "ok"})


def server(gateway: SimulatedGateway, port: int) -> uvicorn.Server:
    """On loopback only: it takes whatever looks like a card, and shows its books to anyone."""
    return uvicorn.Server(
        uvicorn.Config(
            gateway.app(),
            host="127.0.0.1",
            port=port,
            http=Line,
            lifespan="off",
            log_level="info",
            timeout_graceful_shutdown=1,
        )
    )
