"""The network module: the results of free requests, paid requests and streams with good and bad servers."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from storyboard.errors import NotSent, ProviderError, UnknownOutcome, Unreachable, Untrusted
from storyboard.net import client as net
from storyboard.net import guard
from storyboard.net.client import FETCHES, LARGEST_REPLY, POOL, Net, Patience
from storyboard.protocols import Address
from tests.servers import Sunk, answering, closed_port, counting, dripping, garbling, greeted, http, resetting, silent

T = TypeVar("T")
KEY = {"Authorization": "Bearer sk-secret"}


def going(talk: Callable[[Net], Awaitable[T]]) -> T:
    """The result of using a network connection that is closed afterwards."""

    async def whole() -> T:
        async with net.open_net() as way:
            return await talk(way)

    return asyncio.run(whole())


def fetched(url: str, largest: int = 1000) -> bytes:
    """The bytes of a stream."""
    sink = Sunk()
    going(lambda way: way.stream(Address(url), sink, largest=largest))
    return bytes(sink.content)


def test_a_reply_comes_whole_with_names_of_headers_in_lower_case() -> None:
    """Status, headers and body are as the server sent them."""
    with answering(http(b'{"id": 1}', "X-Request-Id: r1", status="201 Made")) as server:
        reply = going(lambda way: way.ask("GET", server.origin, KEY))
    assert (reply.status, reply.headers["x-request-id"], reply.json()) == (201, "r1", {"id": 1})


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_none(body: bytes) -> None:
    """A page, nothing, noise or deeply nested brackets: None."""
    assert net.Reply(200, {}, body).json() is None


@pytest.mark.row(33)
def test_an_answer_to_a_question_that_is_too_large_is_refused() -> None:
    """An endless answer to a free request is refused, so that it can't fill our memory."""
    with (
        answering(http(b"x" * (LARGEST_REPLY + 1))) as server,
        pytest.raises(Unreachable, match="gave no answer"),
    ):
        going(lambda way: way.ask("GET", server.origin, KEY))


@pytest.mark.row(34)
def test_an_answer_that_unpacks_to_too_much_is_refused() -> None:
    """A small compressed reply that becomes a huge one is refused as well."""
    packed = gzip.compress(b"x" * (LARGEST_REPLY * 2))
    with answering(http(packed, "Content-Encoding: gzip")) as server, pytest.raises(Unreachable):
        going(lambda way: way.ask("GET", server.origin, KEY))


def test_a_paid_request_with_too_large_an_answer_is_in_doubt() -> None:
    """A paid request with too large an answer is in doubt, because the service may have accepted it."""
    with answering(http(b"x" * (LARGEST_REPLY + 1))) as server, pytest.raises(UnknownOutcome):
        going(lambda way: way.submit(server.origin, KEY, b"{}"))


@pytest.mark.row(2)
def test_a_paid_request_to_a_closed_port_was_not_sent() -> None:
    """A paid request to a closed port counts as not sent, because there was no connection."""
    with pytest.raises(NotSent):
        going(lambda way: way.submit(f"http://127.0.0.1:{closed_port()}/", KEY, b"{}"))


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"nonsense\r\n\r\n"])
@pytest.mark.row(7)
def test_a_paid_request_whose_answer_is_lost_is_in_doubt(reply: bytes) -> None:
    """The server read it and disconnected, or answered half, or invalid data: the outcome is unknown."""
    with answering(reply) as server, pytest.raises(UnknownOutcome):
        going(lambda way: way.submit(server.origin, KEY, b"{}"))


def test_a_paid_request_is_sent_once_whatever_comes_back() -> None:
    """A lost answer is no reason to send it again."""
    with answering(b"") as server:
        with pytest.raises(UnknownOutcome):
            going(lambda way: way.submit(server.origin, KEY, b"{}"))
        assert len(server.requests) == 1


@pytest.mark.row(2)
def test_a_question_to_a_closed_port_is_unreachable() -> None:
    """A free request to a closed port raises Unreachable."""
    with pytest.raises(Unreachable):
        going(lambda way: way.ask("GET", f"http://127.0.0.1:{closed_port()}/", KEY))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_of_the_environment_sees_what_stays_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Free requests, paid requests and streams to loopback addresses are sent directly."""
    monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    async def all_three(way: Net, origin: str) -> list[int]:
        asked = await way.ask("GET", origin, {})
        paid = await way.submit(origin, {}, b"{}")
        streamed = await way.stream(Address(origin), Sunk(), largest=100)
        return [asked.status, paid.status, streamed.status]

    with answering(http(b"{}")) as server:
        assert going(lambda way: all_three(way, server.origin)) == [200, 200, 200]


def test_a_stream_brings_the_bytes() -> None:
    """The sink gets the bytes that were sent."""
    with answering(http(b"0123456789")) as server:
        assert fetched(server.origin) == b"0123456789"


def test_a_stream_sends_no_key() -> None:
    """Addresses carry their own signatures and need no key."""
    with answering(http(b"0")) as server:
        fetched(server.origin)
        assert b"authorization" not in server.requests[0].lower()


@pytest.mark.row(30)
def test_a_stream_that_breaks_off_is_refused() -> None:
    """A stream with fewer bytes than announced is refused."""
    with answering(http(b"0123", length=10)) as server, pytest.raises(Unreachable, match="could not be fetched"):
        fetched(server.origin)


def test_a_stream_that_is_too_large_is_refused() -> None:
    """It stops at the limit that the caller set."""
    with answering(http(b"x" * 2000)) as server, pytest.raises(Unreachable, match="larger than 1000 bytes"):
        fetched(server.origin)


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999/x?sig=1", "http://[/x?sig=1", "ftp://127.0.0.1/x?sig=1"])
def test_an_address_that_makes_no_sense_is_unreachable(address: str) -> None:
    """Any address that a service gives leads to a clear message."""
    with pytest.raises(Unreachable):
        fetched(address)


@pytest.mark.parametrize(
    "reply", [b"", http(b"x", length=9), b"HTTP/1.1 200 sk-secret signature\r\nbad header\r\n\r\n"]
)
def test_errors_hold_no_key_and_no_signature(reply: bytes) -> None:
    """Nothing shown to a person, in a log or in a bug report grants access."""
    texts = []
    talks: list[Callable[[Net, str], Awaitable[object]]] = [
        lambda way, url: way.ask("GET", url, KEY),
        lambda way, url: way.submit(url, KEY, b"{}"),
        lambda way, url: way.stream(Address(url), Sunk(), largest=100),
    ]
    with answering(reply) as server:
        for talk in talks:
            with pytest.raises(ProviderError) as caught:
                going(lambda way, talk=talk: talk(way, f"{server.origin}/a?X-Tos-Signature=abcdef"))  # type: ignore[misc]
            texts.append(f"{caught.value} {caught.value.what} {caught.value.hint} {caught.value!r}")
    assert [word for word in ("sk-secret", "Signature", "abcdef", "?") if word in " ".join(texts)] == []


CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


def test_a_stream_in_chunks_comes_whole() -> None:
    """A chunked stream is complete with its last chunk."""
    with answering(CHUNKED.encode() + b"4\r\n0123\r\n2\r\n45\r\n0\r\n\r\n") as server:
        assert fetched(server.origin) == b"012345"


def test_a_stream_in_chunks_that_breaks_off_is_refused() -> None:
    """A chunked stream without its last chunk is refused."""
    with (
        answering(CHUNKED.encode() + b"4\r\n0123\r\n") as server,
        pytest.raises(Unreachable, match="could not be fetched"),
    ):
        fetched(server.origin)


@pytest.mark.parametrize("length", ["", "Content-Length: many\r\n"])
@pytest.mark.row(31)
def test_a_stream_that_ends_with_the_connection_is_refused(length: str) -> None:
    """Half of it would look as complete as all of it."""
    with (
        answering(f"HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\nhalf of it".encode()) as server,
        pytest.raises(Unreachable),
    ):
        fetched(server.origin)


def slowly(patience: Patience, piece: bytes) -> None:
    """Download a stream that sends a piece every 20 ms, and has no end."""

    async def whole(origin: str) -> None:
        way = Net(patience)
        try:
            await way.stream(Address(f"{origin}/v.mp4?X-Tos-Signature=abc"), Sunk(), largest=1 << 40)
        finally:
            await way.close()

    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", piece, 0.02) as origin:
        asyncio.run(whole(origin))


@pytest.mark.row(32)
def test_a_stream_that_drips_is_given_up() -> None:
    """Each byte arrives before a timeout between bytes: the rate is what counts."""
    with pytest.raises(Unreachable, match=r"/v\.mp4 came too slowly$"):
        slowly(Patience(seconds=0.15, least=1024, whole=60), b"x")


@pytest.mark.row(32, 33)
def test_a_stream_that_never_ends_is_given_up() -> None:
    """Whatever its rate, all of it has to arrive within a time."""
    with pytest.raises(Unreachable, match="came too slowly"):
        slowly(Patience(seconds=0.1, least=10, whole=0.15), b"x" * 1024)


def test_no_more_questions_are_in_flight_than_the_pool_holds() -> None:
    """Fifty requests at once wait for each other outside of httpx."""
    with counting(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as crowd:

        async def many(way: Net) -> None:
            await asyncio.gather(*(way.ask("GET", crowd.origin, KEY) for _ in range(50)))

        going(many)
        assert (crowd.most <= POOL, crowd.connections <= POOL) == (True, True)


def test_downloads_have_a_pool_of_their_own() -> None:
    """A few at a time, whatever the other requests."""
    with counting(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as crowd:

        async def many(way: Net) -> None:
            streams = (way.stream(Address(crowd.origin), Sunk(), largest=10) for _ in range(30))
            await asyncio.gather(*streams)

        going(many)
        assert (crowd.most <= FETCHES, crowd.connections <= FETCHES) == (True, True)


def test_each_paid_request_has_a_connection_of_its_own() -> None:
    """A connection that was kept too long could fail during it."""
    with counting(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as crowd:

        async def three(way: Net) -> None:
            for _ in range(3):
                await way.submit(crowd.origin, KEY, b"{}")

        going(three)
        assert crowd.connections == 3


def test_everybody_is_asked_for_plain_answers() -> None:
    """A small compressed answer could become a huge one."""
    with answering(http(b"{}")) as server:

        async def all_three(way: Net) -> None:
            await way.ask("GET", server.origin, {})
            await way.submit(server.origin, {}, b"{}")
            await way.stream(Address(server.origin), Sunk(), largest=100)

        going(all_three)
        assert [b"accept-encoding: identity" in request.lower() for request in server.requests] == [True] * 3


@pytest.mark.parametrize("head", [b"X-Long: " + b"x" * 200_000, b"X-Many: x\r\n" * 20_000])
@pytest.mark.row(33)
def test_headers_without_an_end_are_refused(head: bytes) -> None:
    """Endless headers are refused, so that they can't fill our memory."""
    with answering(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n") as server, pytest.raises(Unreachable):
        going(lambda way: way.ask("GET", server.origin, KEY))


@pytest.mark.parametrize(
    "talk",
    [
        lambda way: way.ask("GET", "https://a.invalid/", {}),
        lambda way: way.submit("https://a.invalid/", {}, b"{}"),
        lambda way: way.stream(Address("https://a.invalid/"), Sunk(), largest=1),
    ],
    ids=["ask", "submit", "stream"],
)
def test_a_proxy_that_makes_no_sense_is_told(
    monkeypatch: pytest.MonkeyPatch, talk: Callable[[Net], Awaitable[object]]
) -> None:
    """It is a setting of this machine: nothing was sent."""
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")
    with pytest.raises(NotSent, match="proxy"):
        going(talk)


def hurried(talk: Callable[[Net], Awaitable[T]], answer: float = 0.15) -> T:
    """The result of using a network connection with short timeouts."""

    async def whole() -> T:
        way = Net(Patience(connect=0.15, ask=0.15, answer=answer))
        try:
            return await talk(way)
        finally:
            await way.close()

    return asyncio.run(whole())


@pytest.mark.row(1)
def test_a_name_that_nobody_has_was_not_sent_to() -> None:
    """The resolver finds no host: a free request is unanswered, and a paid request is not sent."""
    with pytest.raises(NotSent, match=r"https://nowhere\.invalid can't be reached"):
        going(lambda way: way.submit("https://nowhere.invalid/tasks", KEY, b"{}"))
    with pytest.raises(Unreachable):
        going(lambda way: way.ask("GET", "https://nowhere.invalid/tasks", KEY))


@pytest.mark.row(3)
def test_a_port_that_accepts_nobody_was_not_sent_to() -> None:
    """Its queue is full, so no connection is established."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        try:
            with pytest.raises(NotSent, match="connect timeout"):
                hurried(lambda way: way.submit(f"http://127.0.0.1:{address[1]}/tasks", KEY, b"{}"), answer=60)
        finally:
            for one in waiting:
                one.close()


CERTIFICATE = Path(__file__).parent / "world" / "films.example.cert.pem"
GUARD = guard.Guard(
    100, 5.0, permits=lambda ip: ip == "127.0.0.1", trust=ssl.create_default_context(cafile=CERTIFICATE)
)


def certificate() -> ssl.SSLContext:
    """A server's certificate, which this machine trusts only if configured."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("films.example.key.pem"))
    return context


@pytest.mark.row(4, 76)
def test_a_certificate_that_is_not_believed_gets_nothing() -> None:
    """The paid request is never sent, and the message names the likely cause: the clock may be wrong after a sleep."""
    with answering(http(b"{}"), certificate()) as server:
        address = server.origin.replace("http://", "https://")
        with pytest.raises(Untrusted, match="is not believed: self-signed certificate") as told:
            going(lambda way: way.submit(f"{address}/tasks", KEY, b"{}"))
    assert ("clock" in told.value.hint, server.requests) == (True, [])


@pytest.mark.row(5)
def test_a_server_that_hangs_up_in_the_greeting_was_not_sent_to() -> None:
    """It closes the connection at the first message of TLS."""
    with greeted() as (address, heard), pytest.raises(NotSent, match="can't be reached"):
        going(lambda way: way.submit(f"{address.replace('http://', 'https://')}/tasks", KEY, b"{}"))
    assert (heard[0] > 0, len(heard)) == (True, 1)


@pytest.mark.row(6)
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy_that_refuses_was_not_sent_through(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    """It makes no connection, so the request is never sent; it gets neither key nor body."""
    with answering(http(b"", status=status)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
        with pytest.raises(NotSent):
            going(lambda way: way.submit("https://ark.example/tasks", KEY, b"{}"))
    assert [request.split(b" ")[0] for request in proxy.requests] == [b"CONNECT"]
    assert b"sk-secret" not in proxy.requests[0]


@pytest.mark.row(7)
def test_a_paid_request_that_nobody_answers_is_in_doubt() -> None:
    """A paid request that was read but not answered is in doubt."""
    with silent() as (address, heard):
        with pytest.raises(UnknownOutcome, match=r"was lost \((read timeout|timeout error)\)"):
            hurried(lambda way: way.submit(f"{address}/tasks", KEY, b"{}"))
        assert heard() > 0


@pytest.mark.row(9)
def test_a_question_that_nobody_answers_is_unreachable() -> None:
    """After its timeout it is given up, and may be sent again."""
    with silent() as (address, heard):
        with pytest.raises(Unreachable, match=r"gave no answer \((read timeout|timeout error)\)"):
            hurried(lambda way: way.ask("GET", f"{address}/tasks", KEY))
        assert heard() > 0


@pytest.mark.row(8)
@pytest.mark.parametrize("read", [0, 1, 1000, 100_000])
def test_a_paid_request_that_is_cut_off_is_in_doubt(read: int) -> None:
    """The server resets after a number of bytes of the body: it may have received more than we know."""
    with resetting(read) as address, pytest.raises(UnknownOutcome):
        going(lambda way: way.submit(f"{address}/tasks", KEY, b"x" * 8_000_000))


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


@pytest.mark.parametrize("begun", [b"", HALF], ids=["at once", "half way"])
@pytest.mark.parametrize(
    ("talk", "sort", "words"),
    [
        (lambda way, url: way.submit(url, KEY, b"{}"), UnknownOutcome, r"was lost \(ssl error\)"),
        (lambda way, url: way.ask("GET", url, KEY), Unreachable, r"gave no answer \(ssl error\)"),
        (lambda way, url: way.stream(Address(url), Sunk(), largest=100), Unreachable, r"be fetched \(ssl error\)"),
        (
            lambda _, url: guard.download_guarded(Address(url), Sunk(), GUARD),
            Unreachable,
            r"as one should \(ssl error\)",
        ),
    ],
    ids=["submit", "ask", "stream", "guarded"],
)
def test_a_connection_that_is_damaged_on_the_way_is_a_lost_answer(
    monkeypatch: pytest.MonkeyPatch,
    talk: Callable[[Net, str], Awaitable[object]],
    sort: type[ProviderError],
    words: str,
    begun: bytes,
) -> None:
    """TLS errors after the handshake have their own types; the paid request may have arrived."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with garbling(begun, certificate()) as origin, pytest.raises(sort, match=words):
        going(lambda way: talk(way, f"{origin}/tasks"))
