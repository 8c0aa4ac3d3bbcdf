"""The API and the pages: what they answer, to whom, and with which headers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import websockets
from phone_site import KEYED, PATIENCE_SECONDS, Page, Server, served

from bot.calls.live.book import MOST_DEMOS_WAITING
from bot.calls.scenarios.scenario import Parameters
from bot.errors import SettingsError
from bot.gateway_settings import GatewaySettings
from bot.live_settings import API_KEY_VARIABLE, LiveSettings, WebSettings
from bot.settings import PaymentSettings, Settings, load_settings
from bot.web.access import access_of
from bot.web.demo import demo_bill, is_offered
from bot.web.openapi import openapi_document
from bot.web.server import address, bound

KEY = "0123456789abcdef0123456789abcdef"
OPEN = LiveSettings(web=WebSettings(origins=("https://pay.example.com",)))
BILL = {"amount": "87.50", "customer_id": "c-17"}


def valid(name: str, document: Any) -> None:
    """As the OpenAPI document says it is."""
    schema = {
        "$ref": f"#/components/schemas/{name}",
        "components": openapi_document()["components"],
    }
    jsonschema.Draft202012Validator(schema).validate(document)


async def prepared(client: httpx.AsyncClient, **parameters: Any) -> dict[str, Any]:
    answer = await client.post("/api/calls", json=parameters or BILL)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def test_a_call_is_prepared_made_and_asked_about(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        call = await prepared(client)
        valid("PreparedCall", call)
        where = f"/api/calls/{call['call']}"
        assert (await client.get(where)).json()["state"] == "waiting"
        async with server.phone() as socket:
            page = Page(socket)
            await page.hello(call["token"])
            await page.until("ready")
            under_way = (await client.get(where)).json()
            assert (under_way["state"], under_way["transport"]) == ("under_way", "browser")
            await page.pay(*KEYED)
        over = (await client.get(where)).json()
        assert over["state"] == "over"
        assert over["result"]["status"] == "success"
        assert over["result"]["call_id"] == call["call"]
        assert "4242424242424242" not in str(over)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"amount": "a lot"}, "not an amount"),
        ({"amount": 87.5}, "amount"),
        ({"amuont": "87.50"}, "amuont"),
        ({"call_type": "video"}, "call_type"),
        ({"amount": "4242 4242 4242 4242"}, "not an amount"),
        ({"amount": "1e999999"}, "not an amount"),
        ({"customer_id": "4242 4242 4242 4242"}, "card number"),
        ({"customer_id": "\0"}, "customer_id"),
    ],
)
async def test_parameters_that_cannot_be_are_refused_in_words(
    tmp_path: Path, parameters: dict[str, Any], says: str
) -> None:
    async with served(tmp_path) as server, server.client() as client:
        answer = await client.post("/api/calls", json=parameters)
        assert answer.status_code == 422
        valid("Error", answer.json())
        assert says in answer.json()["error"]["message"]
        assert "4242" not in answer.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{", "application/json", 400),
        (b"[" * 10_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b" " * 20_000, "application/json", 413),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    tmp_path: Path, body: bytes, kind: str, status: int
) -> None:
    async with served(tmp_path) as server, server.client() as client:
        answer = await client.post("/api/calls", content=body, headers={"Content-Type": kind})
        assert answer.status_code == status
        valid("Error", answer.json())


@pytest.mark.parametrize("language", ["tlh", ["en"], {}, None, 1])
async def test_a_language_that_is_none_is_refused(tmp_path: Path, language: object) -> None:
    async with served(tmp_path) as server, server.client() as client:
        answer = await client.post("/api/demo", json={"language": language})
        assert answer.status_code == 422


async def test_nothing_is_known_of_calls_that_are_none(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        assert (await client.get("/api/calls/abcdefghijklmnop")).status_code == 404


async def test_a_server_that_others_reach_wants_its_key(tmp_path: Path) -> None:
    async with (
        served(tmp_path, OPEN, environment={API_KEY_VARIABLE: KEY}) as server,
        server.client() as client,
    ):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {KEY}"}):
            answer = await client.post("/api/calls", json=BILL, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            answer = await client.get("/api/calls/abcdefghijklmnop", headers=headers)
            assert answer.status_code == 401
        client.headers["Authorization"] = f"Bearer {KEY}"
        await prepared(client)
        assert (await client.post("/api/demo", json={})).status_code == 404
        assert (await client.get("/health")).status_code == 200


async def test_who_had_a_call_may_ask_with_its_token_what_came_of_it_and_of_no_other(
    tmp_path: Path,
) -> None:
    async with (
        served(tmp_path, OPEN, environment={API_KEY_VARIABLE: KEY}) as server,
        server.client() as client,
    ):
        book = server.site.calls.book
        mine, other = [await book.prepare(Parameters(amount="87.50")) for _ in range(2)]
        theirs = {"Authorization": f"Bearer {mine.token}"}
        assert (await client.get(f"/api/calls/{mine.call_id}", headers=theirs)).status_code == 401
        await book.redeem(mine.token)
        await book.ended(mine.call_id, {"status": "success"})
        answer = await client.get(f"/api/calls/{mine.call_id}", headers=theirs)
        assert answer.json()["result"] == {"status": "success"}
        assert (await client.get(f"/api/calls/{other.call_id}", headers=theirs)).status_code == 401
        assert (await client.post("/api/calls", json=BILL, headers=theirs)).status_code == 401
        foreign = theirs | {"Origin": "https://elsewhere.example.org"}
        answer = await client.get(f"/api/calls/{mine.call_id}", headers=foreign)
        assert answer.status_code == 403


def test_without_a_key_others_are_not_let_near(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=API_KEY_VARIABLE):
        access_of(OPEN, {})
    with pytest.raises(SettingsError, match=r"live\.host"):
        access_of(LiveSettings(host="0.0.0.0"), {})  # noqa: S104
    with pytest.raises(SettingsError, match="openssl rand"):
        access_of(OPEN, {API_KEY_VARIABLE: "short"})
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    from_file = WebSettings(origins=("https://pay.example.com",), api_key_file=str(file))
    assert access_of(LiveSettings(web=from_file), {}).api_key is not None
    assert KEY not in repr(access_of(OPEN, {API_KEY_VARIABLE: KEY}))


async def test_pages_of_other_sites_can_neither_prepare_nor_read(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        foreign = {"Origin": "https://evil.example"}
        assert (await client.post("/api/calls", json=BILL, headers=foreign)).status_code == 403
        assert (await client.post("/api/demo", json={}, headers=foreign)).status_code == 403
        own = {"Origin": server.url.rstrip("/")}
        answer = await client.post("/api/demo", json={}, headers=own)
        assert answer.status_code == 201
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("broken", ["[", "[::1", "a]b"])
async def test_a_name_or_an_origin_that_is_none_is_refused_and_no_fault_of_the_server(
    tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as server, server.client() as client:
        assert (await client.get("/health", headers={"Host": broken})).status_code == 421
        origin = {"Origin": f"http://{broken}"}
        assert (await client.post("/api/demo", json={}, headers=origin)).status_code == 403
        with pytest.raises(websockets.InvalidStatus) as refused:
            await server.phone(origin=f"http://{broken}")
        assert refused.value.response.status_code == 403
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("path", ["/", "/health", "/api/calls", "/phone"])
async def test_a_name_that_is_not_ours_is_not_answered_to(tmp_path: Path, path: str) -> None:
    """A site of somebody's own may let its name point to 127.0.0.1."""
    async with served(tmp_path) as server, server.client() as client:
        for name in ("evil.example", "evil.example:8080", "localhost.evil.example", ""):
            assert (await client.get(path, headers={"Host": name})).status_code in {400, 421}
        assert (await client.get("/health", headers={"Host": "localhost:1"})).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/static/phone.js", "/static/phone.css", "/api", "/api/openapi.json", "/nothing"]
)
async def test_every_answer_has_the_security_headers(tmp_path: Path, path: str) -> None:
    async with served(tmp_path) as server, server.client() as client:
        answer = await client.get(path)
        assert answer.status_code == (404 if path == "/nothing" else 200)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
        assert "https://" not in policy
        assert "http://" not in policy


async def test_no_page_needs_another_host(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        for path in ("/", "/api", "/static/phone.css", "/static/api.css"):
            text = (await client.get(path)).text
            assert "//" not in text.replace("http://127.0.0.1", "").replace("</", "<"), path


async def test_only_files_of_the_page_are_served(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        for path in (
            "/static/../app.py",
            "/static/..%2fapp.py",
            "/static/%2e%2e/app.py",
            "/static/",
        ):
            assert (await client.get(path)).status_code == 404


async def test_the_document_describes_every_way_in_and_is_shown_to_people(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        document = (await client.get("/api/openapi.json")).json()
        assert document["openapi"].startswith("3.1")
        page = (await client.get("/api")).text
        for path in document["paths"]:
            assert path in page
        valid("Parameters", BILL)


async def test_ready_says_when_there_is_no_room(tmp_path: Path) -> None:
    async with served(tmp_path, LiveSettings(most_calls=1)) as server, server.client() as client:
        assert (await client.get("/ready")).json()["ready"] is True
        async with server.phone() as socket:
            page = Page(socket)
            await page.hello(await server.token())
            await page.until("ready")
            busy = await client.get("/ready")
            assert (busy.status_code, busy.json()["calls"]) == (503, 1)
        await server.site.calls.drain(PATIENCE_SECONDS)
        ending = await client.get("/ready")
        assert ending.status_code == 503
        assert "about to end" in ending.json()["why"]
        assert (await client.get("/health")).status_code == 200


# The demo bill


async def demo_amount(server: Server) -> str | None:
    async with server.client() as client:
        about = (await client.get("/about.json")).json()
    return about["demo"]["amount"] if about["demo"] else None


async def test_no_call_is_prepared_for_a_server_that_is_about_to_end(tmp_path: Path) -> None:
    """Its token would open nothing: the book ends with the process."""
    async with served(tmp_path) as server, server.client() as client:
        await server.site.calls.drain(0)
        for path, content in (("/api/calls", BILL), ("/api/demo", {})):
            answer = await client.post(path, json=content)
            assert answer.status_code == 503
            valid("Error", answer.json())
            assert answer.json()["error"]["code"] == "ending"


async def test_the_page_offers_a_demo_bill_and_cards_to_try(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        about = (await client.get("/about.json")).json()
        assert about["languages"] == [{"code": "en", "name": "English"}]
        assert about["demo"]["amount"] == "$87.50"
        assert about["demo"]["test_cards"][0]["number"] == "4242424242424242"
        call = (await client.post("/api/demo", json={"language": "en"})).json()
        redeemed = await server.site.calls.book.redeem(call["token"])
        assert redeemed is not None
        assert redeemed.parameters.amount == "87.50"
        unknown = await client.post("/api/demo", json={"language": "xx"})
        assert unknown.status_code == 422


async def test_who_asks_for_demo_bills_without_end_leaves_room_for_others(tmp_path: Path) -> None:
    async with served(tmp_path) as server, server.client() as client:
        for _ in range(MOST_DEMOS_WAITING):
            await server.token()
        answer = await client.post("/api/demo", json={})
        assert answer.status_code == 503
        valid("Error", answer.json())
        assert (await client.post("/api/calls", json=BILL)).status_code == 201


def test_a_demo_bill_never_costs_real_money_by_itself() -> None:
    real = Settings(gateway=GatewaySettings(url="https://gateway.example"))
    assert is_offered(Settings(), private=True)
    assert not is_offered(Settings(), private=False)
    assert not is_offered(real, private=True)
    off = Settings(live=LiveSettings(web=WebSettings(demo="off")))
    assert not is_offered(off, private=True)
    wanted = replace(real, live=LiveSettings(web=WebSettings(demo="on")))
    assert is_offered(wanted, private=False)


async def test_no_test_cards_are_shown_beside_a_real_gateway(tmp_path: Path) -> None:
    settings = Settings(gateway=GatewaySettings(url="https://gateway.example"))
    live = LiveSettings(web=WebSettings(demo="on"))
    async with served(tmp_path, live, settings=settings) as server, server.client() as client:
        assert (await client.get("/about.json")).json()["demo"]["test_cards"] == []


@pytest.mark.parametrize(
    ("payment", "amount"),
    [
        (PaymentSettings(maximum_amount="50.00"), "1.00"),
        (PaymentSettings(minimum_amount="100.00"), "100.00"),
        (PaymentSettings(allowed_amounts=("20.00", "50.00")), "20.00"),
        (PaymentSettings(currency="JPY", minimum_amount="100", maximum_amount="9000"), "100"),
    ],
)
def test_the_demo_bill_is_an_amount_that_can_be_paid(payment: PaymentSettings, amount: str) -> None:
    assert demo_bill(Settings(payment=payment)).amount == amount


# The port


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with bound(LiveSettings(port=0)) as first:
        port = first.getsockname()[1]
        with (
            pytest.raises(SettingsError, match="something else listens there") as error,
            bound(LiveSettings(port=port)),
        ):
            pytest.fail("taken twice")
        assert "\n" not in str(error.value)


def test_an_address_of_ipv6_can_be_opened_as_it_is_printed() -> None:
    with bound(LiveSettings(host="::1", port=0)) as listener:
        port = listener.getsockname()[1]
        assert address(listener) == f"http://[::1]:{port}/"
    with bound(LiveSettings(host="::ffff:127.0.0.1", port=0)) as listener:
        port = listener.getsockname()[1]
        assert address(listener) == f"http://[::ffff:127.0.0.1]:{port}/"


@pytest.mark.parametrize(
    "name", ["pay.example.com", "https://pay.example.com/", "https://me:secret@pay.example.com"]
)
@pytest.mark.parametrize("key", ["live.web.origins", "live.twilio.public_url"])
def test_a_name_of_the_server_that_is_none_is_told_how_to_write_it(key: str, name: str) -> None:
    value = f'["{name}"]' if key == "live.web.origins" else f'"{name}"'
    with pytest.raises(SettingsError, match="scheme and host, such as"):
        load_settings(None, [f"{key}={value}"])


def test_an_address_that_is_not_ours_is_one_clear_line() -> None:
    with (
        pytest.raises(SettingsError, match="cannot be listened on"),
        bound(LiveSettings(host="192.0.2.1", port=0)),
    ):
        pytest.fail("bound")
