"""Remote files: fetched through the guard, from a real https server, and measured by content."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from storyboard.hosts import is_public
from storyboard.language.facts import FileFacts
from storyboard.language.problem import format_problem
from storyboard.net.guard import Guard
from storyboard.project import probe_addresses
from storyboard.world import remote
from storyboard.world.layout import layout_of
from tests.media import video
from tests.servers import Recorder, answering, http

HERE = Path(__file__).parent
MB = 1024 * 1024


class Names:
    """A resolver that has an answer for each time it is asked, and counts the questions."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """The next answer, or the last one again."""
        del host, port
        self.asked += 1
        return (self.answers[min(self.asked, len(self.answers)) - 1],)


def on_this_machine(ip: str) -> bool:
    """A guard that takes this machine for the open net, so that a test has one."""
    return ip == "127.0.0.1" or is_public(ip)


def guard() -> Guard:
    """One that leads to this machine's films.example, and believes its certificate."""
    trust = ssl.create_default_context(cafile=str(HERE / "films.example.cert.pem"))
    return Guard(MB, 5.0, Names("127.0.0.1"), on_this_machine, trust)


@contextmanager
def films_example(reply: bytes) -> Iterator[tuple[str, Recorder]]:
    """A real https server; the address of a file on it, and the requests that it received."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HERE / "films.example.cert.pem", HERE / "films.example.key.pem")
    with answering(reply, context) as server:
        yield f"https://films.example:{server.origin.rpartition(':')[2]}/harbour.mp4?secret=1", server


def as_it_is(fact: FileFacts, path: Path) -> FileFacts:
    """No measuring."""
    del path
    return fact


def seen(reply: bytes, way: Guard | None = None) -> FileFacts:
    """What is found where a server answers so; the address itself left out."""
    with films_example(reply) as (address, _):
        return replace(remote.look([address], as_it_is, way or guard())[address], path="")


def test_what_lies_there_is_known_by_its_content() -> None:
    """Size, format and digest are those of the bytes."""
    found = seen(http(b"GIF89a and more"))
    digest = hashlib.sha256(b"GIF89a and more").hexdigest()
    assert (found.size, found.format, found.digest) == (15, "gif", f"sha256:{digest}")


def test_nothing_of_ours_goes_along() -> None:
    """The request has the host's name, and neither a key nor a cookie."""
    with films_example(http(b"GIF89a")) as (address, server):
        remote.look([address], as_it_is, guard())
        lines = server.requests[0].decode().lower().split("\r\n")
    assert sorted(line.partition(":")[0] for line in lines[1:] if line) == [
        "accept",
        "accept-encoding",
        "connection",
        "host",
        "user-agent",
    ]


@pytest.mark.parametrize(
    ("reply", "trouble", "why"),
    [
        (http(b"", status="404 Not Found"), "unfetched", "it answers 404"),
        (
            http(b"", "Location: https://films.example/other", status="302 Found"),
            "unfetched",
            "it answers 302, which leads elsewhere",
        ),
        (http(b"x" * (MB + 1)), "unfetched", "it is larger than 1 MB"),
        (http(b"GIF89a", length=100), "silent", "nobody answered as one should (remote protocol error)"),
        (b"no http at all\r\n\r\n", "silent", "nobody answered as one should (remote protocol error)"),
    ],
    ids=["not there", "elsewhere", "too large", "broken off", "no http"],
)
def test_what_cannot_be_had_is_told(reply: bytes, trouble: str, why: str) -> None:
    """An answer that is no file, a redirect, too many bytes and too few each end in their own words."""
    assert seen(reply) == FileFacts("", trouble=trouble, why=why)  # type: ignore[arg-type]  # a parameter's literal


def test_a_slow_answer_has_a_last_moment() -> None:
    """The guard's seconds are for the whole."""
    with films_example(b"") as (address, _):
        hurried = replace(guard(), seconds=0.0)
        assert remote.look([address], as_it_is, hurried)[address].why == "it didn't come whole within 0 s"


def test_an_unbelieved_certificate_is_no_answer() -> None:
    """Without the certificate nothing is fetched."""
    found = seen(http(b"GIF89a"), replace(guard(), trust=None))
    assert (found.trouble, found.why) == ("silent", "nobody answered as one should (connect error)")


def test_a_name_that_means_another_machine_later_leads_nowhere_else() -> None:
    """The name is resolved once, and the connection goes to what was judged."""
    names = Names("127.0.0.1", "10.0.0.1")
    found = seen(http(b"GIF89a"), replace(guard(), resolve=names))
    assert (found.trouble, names.asked) == (None, 1)


def test_an_inner_net_is_not_entered() -> None:
    """Where the name resolves into this machine, no connection is made."""
    with films_example(http(b"GIF89a")) as (address, server):
        found = remote.look([address], as_it_is, replace(guard(), permits=is_public))[address]
    assert (found.trouble, found.why, server.requests) == ("unfetched", "its host lies in no open net", [])


@pytest.mark.parametrize(
    "address",
    [
        "http://films.example/a.mp4",
        "https://user:pass@films.example/a.mp4",
        "https:///a.mp4",
        "https://films.example:99999/a.mp4",
        "https://[::1/a.mp4",
    ],
)
def test_what_is_no_plain_https_address_is_not_asked_for(address: str) -> None:
    """In clear, with a password, without a host or with an impossible port: no request is sent."""
    names = Names("127.0.0.1")
    found = remote.look([address], as_it_is, replace(guard(), resolve=names))[address]
    assert (found.trouble, names.asked) == ("unfetched", 0)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0",
        "0.0.0.0",  # noqa: S104 - a spelling, not a binding
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "192.0.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:7f00:1::]",
        "[2002:a00:1::]",
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[100::1]",
        "localhost",
    ],
)
def test_no_spelling_of_an_inner_address_is_fetched(host: str) -> None:
    """The guard refuses this machine, its network and reserved addresses in any notation."""
    address = f"https://{host}/a.mp4"
    found = remote.look([address], as_it_is)[address]
    assert (found.trouble, found.why) in (
        ("unfetched", "its host lies in no open net"),
        ("silent", "its host has no address"),
    )


def test_a_storyboard_is_judged_with_what_lies_there(tmp_path: Path) -> None:
    """A video at an address is measured as one on the disk would be: this one is too small."""
    clip = video(tmp_path / "clip.mp4", frames=97)
    with films_example(http(clip.read_bytes())) as (address, _):
        text = (
            f'storyboard: 1\nassets:\n  harbour: {{video: "{address}"}}\nscenes:\n'
            '  dusk: {references: [harbour], prompt: "{harbour}"}\n'
        )
        (tmp_path / "storyboard.yaml").write_text(text, "utf-8")
        verdict = probe_addresses(layout_of(str(tmp_path / "storyboard.yaml"), "real"), (), "", guard())
    messages = [format_problem(problem, {}) for problem in verdict.problems]
    assert messages == [
        'storyboard.yaml:5:23: SB523 video "harbour" of scene "dusk" is 192x112, 21504 pixels; '
        "it may have 409600 to 927408 pixels\n  scale it, e.g. to 1280x720"
    ]
