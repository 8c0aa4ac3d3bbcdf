"""The web application of one server: pages, API, and every line that comes over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from bot.web import api, page, phone
from bot.web.access import Guarded
from bot.web.problems import Refused, answer_refusal
from bot.web.site import Site

Routes = Callable[[Site], Sequence[BaseRoute]]

ROUTES: Sequence[Routes] = (page.routes, api.routes, phone.routes)
"""Each file's own; a new kind of line adds its `routes` here."""


def build_app(site: Site, more: Sequence[BaseRoute] = ()) -> Starlette:
    """more: routes that need what a `Site` does not have."""
    return Starlette(
        routes=[*(route for routes in ROUTES for route in routes(site)), *more],
        middleware=[Middleware(Guarded, access=site.access)],
        exception_handlers={Refused: answer_refusal},
    )
