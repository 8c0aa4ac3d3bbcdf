"""Which adapter a kind means, and what each declares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import GatewayError
from bot.gateway_settings import GatewayKind, GatewaySettings, XmlSettings
from bot.paying.gateway import RepeatedKey
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.kinds import open_gateway

ROOT = Path(__file__).parents[3]
TOKEN = Credentials(SecretStr("sk_test_token"))


@pytest.mark.parametrize(
    ("kind", "repeated_key", "dead_after_seconds"),
    [
        ("rest", RepeatedKey.SAME_ANSWER, 600),
        ("xml", RepeatedKey.TAKEN_AGAIN, 600),
        ("stripe", RepeatedKey.SAME_ANSWER, 7200),
    ],
)
async def test_each_kind_declares_how_it_treats_repeated_requests(
    kind: GatewayKind, repeated_key: RepeatedKey, dead_after_seconds: float
) -> None:
    settings = GatewaySettings(kind=kind, url="https://gateway.example/")
    async with open_gateway(settings, TOKEN) as gateway:
        semantics = gateway.semantics
    assert semantics.repeated_key is repeated_key
    assert semantics.can_look_up
    assert semantics.key_lifetime_seconds == 24 * 3600
    assert semantics.carried_out_within_seconds == dead_after_seconds
    assert {400, 401, 403, 404, 429} <= semantics.final_statuses
    assert not semantics.final_statuses & {200, 201, 402, 408, 409, 425, 499, 500, 502, 503, 504}


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        (
            GatewaySettings(kind="stripe", settle_for_hours=2),
            "gateway.settle_for_hours = 2: too short: only after 2.5 hours",
        ),
        (
            GatewaySettings(
                kind="xml", settle_for_hours=4, xml=XmlSettings(carried_out_within_seconds=14_400)
            ),
            "gateway.settle_for_hours = 4: too short: only after 4.5 hours",
        ),
        (
            GatewaySettings(
                kind="xml",
                xml=XmlSettings(key_lifetime_hours=2, carried_out_within_seconds=7_000),
            ),
            "gateway.xml.key_lifetime_hours = 2: too short: only after 2.44 hours",
        ),
    ],
)
def test_settings_under_which_no_lost_answer_could_be_settled_are_refused_by_name(
    settings: GatewaySettings, refused: str
) -> None:
    with pytest.raises(GatewayError) as raised:
        open_gateway(settings, TOKEN, url="https://gateway.example/")
    assert str(raised.value).startswith(refused)


async def test_the_shortest_time_that_can_settle_a_lost_answer_is_taken() -> None:
    without_look_up = XmlSettings(look_up="", carried_out_within_seconds=14_400)
    for settings in (
        GatewaySettings(kind="stripe", settle_for_hours=3),
        GatewaySettings(kind="rest", settle_for_hours=1),
        GatewaySettings(kind="xml", settle_for_hours=1),
        GatewaySettings(kind="xml", settle_for_hours=1, xml=without_look_up),
    ):
        async with open_gateway(settings, TOKEN, url="https://gateway.example/"):
            pass


def test_a_gateways_libraries_are_imported_only_when_it_is_chosen() -> None:
    program = """
import sys
from bot.gateway_settings import GatewaySettings
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.kinds import open_gateway
open_gateway(GatewaySettings(url="http://127.0.0.1:9"), Credentials())
print(*({"stripe", "lxml"} & set(sys.modules)))
open_gateway(GatewaySettings(kind="xml", url="http://127.0.0.1:9"), Credentials())
print(*({"stripe", "lxml"} & set(sys.modules)))
"""
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines() == ["", "lxml"]
