"""Calls over AudioSocket, with a simulated Asterisk: paid, interrupted, spoilt, refused."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from one_call import KnownWords, payment_words
from telephone_server import KEYED, SPOKEN, TOKEN, LongSpeaker, Server, speaking_caller
from telephony.asterisk import Asterisk
from telephony.connections import TcpConnection
from telephony.network import Weather
from telephony.person import HangsUp, Keys, Person
from telephony.virtual_time import virtually

from bot.errors import SettingsError
from bot.expectations import Reading
from bot.live_settings import AudioSocketSettings, LiveSettings
from bot.outcomes import ResultName
from bot.processes import free_port
from bot.records.trace import EntryKind
from bot.web.audiosocket import AudioSocketLine, listening_for_asterisk
from bot.web.server import bound, bound_for_asterisk
from bot.web.telephone import KnownCall

BEGINNING = b"\x01\x00\x10" + UUID(TOKEN).bytes
SILENCE = b"\x10\x01\x40" + bytes(320)


def settings(**changed: Any) -> LiveSettings:
    return LiveSettings(most_calls=2, audiosocket=AudioSocketSettings(**changed))


async def connected(line: AudioSocketLine) -> tuple[TcpConnection, asyncio.Task[None]]:
    """A connection to the server, and what serves it there."""
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(line.connected(*await asyncio.open_connection(sock=theirs)))
    return TcpConnection(*await asyncio.open_connection(sock=ours)), serving


async def called(
    server: Server, person: Person, weather: Weather | None = None, uuid: str = TOKEN
) -> Asterisk:
    line = AudioSocketLine(server.calls, server.settings, server.redeem)
    connection, serving = await connected(line)
    asterisk = Asterisk(connection, person, UUID(uuid), weather)
    await asterisk.call()
    await serving
    return asterisk


def call(server: Server, person: Person, weather: Weather | None = None) -> Asterisk:
    server.prepare(TOKEN)
    return virtually(called(server, person, weather))


def test_a_caller_pays_by_keys_and_hears_the_end_before_it_hangs_up(tmp_path: Path) -> None:
    server = Server(tmp_path)
    person = Person(KEYED)
    asterisk = call(server, person)
    assert server.results() == [ResultName.SUCCESS]
    assert asterisk.hung_up
    assert abs(person.heard[-4000:]).max() > 1000, "the last prompt was played to its end"
    assert server.parameters[0].amount == "87.50"


def test_a_caller_pays_by_voice(tmp_path: Path) -> None:
    server = Server(tmp_path, hears=list(SPOKEN))
    call(server, Person(speaking_caller()))
    assert server.results() == [ResultName.SUCCESS]


def test_how_long_understanding_takes_is_told_of_each_utterance(tmp_path: Path) -> None:
    class Slow(KnownWords):
        async def understand(self, *heard: Any, **more: Any) -> tuple[Reading, ...]:
            await asyncio.sleep(0.2)
            return await super().understand(*heard, **more)

    server = Server(tmp_path, hears=["yes"], words=Slow(payment_words().words))
    call(server, Person([*speaking_caller()[:1], HangsUp()], quiet_ms=400))
    [utterance] = server.finished[0].of(EntryKind.HEARD)
    assert abs(int(utterance.details["understanding_ms"]) - 200) <= 20
    metrics = server.calls.metrics.text().decode()
    assert "voicebot_understanding_seconds_count 1.0" in metrics


WEATHERS = {
    "jitter, 2 % lost, a clock 0.2 % slow": Weather(60, loss=0.02, drift=-0.002, seed=1),
    "a stall of 3 s": Weather(stall=(4.0, 3.0)),
}


@pytest.mark.parametrize("weather", WEATHERS.values(), ids=WEATHERS)
def test_a_payment_comes_through_a_bad_network(weather: Weather, tmp_path: Path) -> None:
    server = Server(tmp_path)
    asterisk = call(server, Person(KEYED), weather)
    assert server.results() == [ResultName.SUCCESS]
    assert asterisk.longest_wait_to_play <= 0.2, "sound is sent as it is played"


def test_a_key_stops_the_bot_within_200_ms(tmp_path: Path) -> None:
    server = Server(tmp_path, speaker=LongSpeaker())
    person = Person([Keys("1"), HangsUp()], quiet_ms=400, impatient=[0])
    call(server, person)
    pressed = next(i for i, moment in enumerate(person.moments) if moment.keys)
    level = person.moments[pressed - 1].heard[0]
    still_heard = [i for i, m in enumerate(person.moments) if level in m.heard]
    assert level > 1_000
    assert (max(still_heard) - pressed) * 20 <= 200


def test_a_caller_who_hangs_up_ends_the_call_and_nothing_is_charged(tmp_path: Path) -> None:
    server = Server(tmp_path)
    call(server, Person([*KEYED[:-1], HangsUp()]))
    assert server.results() == [ResultName.CALLER_HUNG_UP]
    assert server.finished[0].gateway.asked == []


def test_a_uuid_nobody_prepared_is_hung_up_and_one_that_was_counts_once(tmp_path: Path) -> None:
    server = Server(tmp_path)
    other = "00000000-0000-4000-8000-000000000000"
    assert virtually(called(server, Person([]), uuid=other)).hung_up
    call(server, Person([HangsUp()]))
    assert virtually(called(server, Person([]))).hung_up
    assert len(server.finished) == 1


def test_on_a_trusted_network_any_uuid_begins_a_call(tmp_path: Path) -> None:
    server = Server(tmp_path, settings(take_unprepared_calls=True))
    virtually(called(server, Person([HangsUp()])))
    assert server.results() == [ResultName.CALLER_HUNG_UP]
    assert server.parameters[0].amount is None


def test_when_all_lines_are_busy_it_is_hung_up_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        server = Server(tmp_path, replace(settings(take_unprepared_calls=True), most_calls=1))
        staying = asyncio.create_task(called(server, Person([])))
        await asyncio.sleep(0.5)
        assert (await called(server, Person([]))).hung_up
        assert len(server.calls.under_way) == 1
        next(iter(server.calls.under_way.values())).line.hang_up()
        assert (await staying).hung_up

    virtually(run())


def test_of_two_that_come_for_the_last_line_one_keeps_its_token(tmp_path: Path) -> None:
    async def run() -> None:
        server = Server(tmp_path, replace(settings(), most_calls=1))
        redeem = server.redeem

        async def slowly(token: str) -> KnownCall | None:
            await asyncio.sleep(0.1)  # as long as a database may take
            return await redeem(token)

        server.redeem = slowly  # type: ignore[method-assign]
        tokens = [TOKEN, "00000000-0000-4000-8000-000000000000"]
        for token in tokens:
            server.prepare(token)
        coming = [called(server, Person([HangsUp()]), uuid=token) for token in tokens]
        await asyncio.gather(*coming)
        assert list(server.prepared) == tokens[1:]
        assert len(server.finished) == 1

    virtually(run())


def test_more_connections_than_the_limit_are_hung_up(tmp_path: Path) -> None:
    async def run() -> None:
        server = Server(tmp_path, settings(most_connections=1))
        line = AudioSocketLine(server.calls, server.settings, server.redeem)
        idle, serving_idle = await connected(line)
        await asyncio.sleep(0)
        second, serving = await connected(line)
        assert await second.receive() == bytes(3)
        await serving
        await idle.close()
        await serving_idle
        await second.close()

    virtually(run())


# --- a sender that does as it likes


Then = Callable[[TcpConnection], Coroutine[Any, Any, None]]


async def sent(server: Server, content: bytes, then: Then | None = None) -> bytes:
    """Send this, then listen until the server closes: what it sent last."""
    server.prepare(TOKEN)
    line = AudioSocketLine(server.calls, server.settings, server.redeem)
    connection, serving = await connected(line)
    last = b""
    try:
        await connection.send(content)
        if then is not None:
            await then(connection)
        while (received := await connection.receive()) is not None:
            last = received
    except ConnectionError:
        pass
    await serving
    await connection.close()
    assert not server.calls.under_way
    return last


GARBAGE = {
    "a web browser": b"GET / HTTP/1.1\r\nHost: pay.example\r\n\r\n",
    "nothing but zeros": bytes(1_000),
    "a frame of 64 kB": BEGINNING + b"\x10\xff\xff" + bytes(65_535),
    "a megabyte": BEGINNING + b"\x10\xff\xff" * 350_000,
    "another rate": BEGINNING + b"\x12\x02\x80" + bytes(640),
    "half a sample": BEGINNING + b"\x10\x00\x03abc",
    "two UUIDs": BEGINNING * 2,
    "no key": BEGINNING + b"\x03\x00\x01x",
    "ten thousand keys": BEGINNING + b"\x03\x00\x011" * 10_000,
    "much too fast": BEGINNING + SILENCE * 5_000,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_ends_the_connection_and_charges_nothing(garbage: bytes, tmp_path: Path) -> None:
    server = Server(tmp_path)
    virtually(sent(server, garbage))
    assert all(result is ResultName.CALLER_HUNG_UP for result in server.results())
    assert all(not finished.gateway.asked for finished in server.finished)


def test_an_error_frame_of_asterisk_is_a_hang_up(tmp_path: Path) -> None:
    server = Server(tmp_path)
    virtually(sent(server, BEGINNING + SILENCE + b"\xff\x00\x01\x02"))
    assert server.results() == [ResultName.CALLER_HUNG_UP]


def test_frames_that_come_byte_by_byte_are_the_same_frames(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def in_pieces(connection: TcpConnection) -> None:
        for byte in SILENCE + b"\x03\x00\x01*":
            await connection.send(bytes([byte]))
            await asyncio.sleep(0.001)

    virtually(sent(server, BEGINNING, in_pieces))
    assert server.results() == [ResultName.CALLER_CANCELLED]


def test_a_connection_that_says_nothing_is_hung_up(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert virtually(sent(server, b"")) == bytes(3)
    assert virtually(sent(server, BEGINNING[:10])) == bytes(3)
    assert server.finished == []


def test_a_half_closed_connection_is_a_hang_up(tmp_path: Path) -> None:
    server = Server(tmp_path)
    virtually(sent(server, BEGINNING + SILENCE, TcpConnection.half_close))
    assert server.results() == [ResultName.CALLER_HUNG_UP]


def test_a_line_that_falls_silent_is_a_caller_who_is_gone(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert virtually(sent(server, BEGINNING + SILENCE))[-3:] == bytes(3)
    assert server.results() == [ResultName.CALLER_HUNG_UP]


def test_an_other_end_that_never_reads_is_gone(tmp_path: Path) -> None:
    """Its buffer fills up; the call must not wait for it for ever."""
    server = Server(tmp_path, speaker=LongSpeaker())

    async def run() -> None:
        server.prepare(TOKEN)
        line = AudioSocketLine(server.calls, server.settings, server.redeem)
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=theirs, limit=4096)
        writer.transport.set_write_buffer_limits(4096)
        serving = asyncio.create_task(line.connected(reader, writer))
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(ours, BEGINNING)
        while not serving.done():
            try:
                await loop.sock_sendall(ours, SILENCE)
            except OSError:
                break
            await asyncio.sleep(0.02)
        await serving
        ours.close()

    virtually(run())
    assert server.results() == [ResultName.CALLER_HUNG_UP]


# --- the server


async def test_what_is_sent_leaves_at_once_on_both_ports() -> None:
    """Nagle's algorithm would hold back a piece of sound until the last one was confirmed."""
    at_once: asyncio.Queue[int] = asyncio.Queue()

    async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        at_once.put_nowait(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    live = replace(settings(port=free_port()), port=0)
    with bound(live) as web, bound_for_asterisk(live) as asterisk:
        assert asterisk is not None
        for listener in (web, asterisk):
            async with await asyncio.start_server(look, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname())
                assert await at_once.get()
                writer.close()


def test_nothing_listens_where_no_port_is_set() -> None:
    with bound_for_asterisk(LiveSettings()) as listener:
        assert listener is None


def test_a_port_that_is_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wanted = f"127.0.0.1:{port}: something else .* live.audiosocket.port names another"
        with pytest.raises(SettingsError, match=wanted), bound_for_asterisk(settings(port=port)):
            pytest.fail("taken twice")


async def test_a_server_that_ends_closes_connections_that_are_no_calls(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(tmp_path, settings(port=port))
    with bound_for_asterisk(server.settings) as listener:
        assert listener is not None
        async with listening_for_asterisk(server.calls, server.settings, server.redeem, listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
        await asyncio.sleep(0)
    assert await reader.read() in {b"", bytes(3)}
    writer.close()
