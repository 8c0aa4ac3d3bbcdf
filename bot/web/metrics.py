"""GET /metrics, for Prometheus."""

from __future__ import annotations

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.calls.live.metrics import CONTENT_TYPE, CallMetrics
from bot.errors import StoreError
from bot.paying.service import PaymentService
from bot.web.access import Access

_log = structlog.get_logger(__name__)


def metrics_route(metrics: CallMetrics, payments: PaymentService, access: Access) -> Route:
    """The journal is asked each time. Where it does not answer the rest is told all the same."""

    async def told(request: Request) -> Response:
        if not access.has_key(request):
            return PlainTextResponse("send the API's key: Authorization: Bearer KEY\n", 401)
        try:
            unknown = await payments.open_intents()
        except StoreError as error:
            _log.error("journal_not_asked", why=str(error))
        else:
            looked_up = sum(intent.is_open for intent in unknown)
            metrics.open_charges(looked_up, len(unknown) - looked_up)
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return Route("/metrics", told, methods=["GET"])
