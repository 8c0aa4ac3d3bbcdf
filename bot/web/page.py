"""The phone page: its files, and what it asks before a call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.web.demo import described
from bot.web.site import Site

PAGES: Final = Path(__file__).parent / "pages"


def routes(site: Site) -> Sequence[BaseRoute]:
    async def about(_request: Request) -> Response:
        """What the page shows before a call: languages, and the demo bill where there is one."""
        return JSONResponse(
            {
                "languages": [
                    {"code": code, "name": name} for code, name in site.languages.items()
                ],
                "demo": described(site.settings) if site.demo else None,
            }
        )

    return [
        Route("/", _phone_page),
        Route("/about.json", about),
        Mount("/static", StaticFiles(directory=PAGES)),
    ]


async def _phone_page(_request: Request) -> Response:
    return FileResponse(PAGES / "phone.html")
