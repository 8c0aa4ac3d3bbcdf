"""GET /metrics: with the journal's open charges, and only for who has the key."""

from __future__ import annotations

import asyncio
import hashlib
from typing import cast

import httpx
from starlette.applications import Starlette

from bot.calls.live.metrics import CallMetrics
from bot.errors import StoreError
from bot.paying.service import PaymentService
from bot.web.access import Access
from bot.web.metrics import metrics_route


class OpenIntent:
    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open


class Journal:
    """What of the payment service is asked."""

    def __init__(self, *intents: OpenIntent, away: bool = False) -> None:
        self._intents = list(intents)
        self._away = away

    async def open_intents(self) -> list[OpenIntent]:
        if self._away:
            raise StoreError("the database does not answer")
        return self._intents


def asked(journal: Journal, key: str | None = None, given: str | None = None) -> httpx.Response:
    hashed = hashlib.sha256(key.encode()).digest() if key else None
    access = Access(frozenset(), private=key is None, api_key=hashed)
    app = Starlette(routes=[metrics_route(CallMetrics(8), cast(PaymentService, journal), access)])

    async def get() -> httpx.Response:
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            return await client.get("/metrics", headers=headers)

    return asyncio.run(get())


def test_charges_of_unknown_outcome_are_counted_by_who_looks_after_them() -> None:
    journal = Journal(OpenIntent(is_open=True), OpenIntent(is_open=True), OpenIntent(is_open=False))
    answer = asked(journal)
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'voicebot_charges_open{state="looked_up"} 2.0' in answer.text
    assert 'voicebot_charges_open{state="given_up"} 1.0' in answer.text


def test_where_the_journal_does_not_answer_the_rest_is_told() -> None:
    answer = asked(Journal(away=True))
    assert answer.status_code == 200
    assert "voicebot_calls_most 8.0" in answer.text
    assert "voicebot_charges_open{" not in answer.text


def test_a_server_that_has_a_key_tells_only_who_brings_it() -> None:
    assert asked(Journal(), key="k" * 32).status_code == 401
    assert asked(Journal(), key="k" * 32, given="wrong").status_code == 401
    assert asked(Journal(), key="k" * 32, given="k" * 32).status_code == 200
