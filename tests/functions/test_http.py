"""Calls to banks: the guard and the deadline, against real servers on this machine."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.runtime import http
from counterfoil.runtime.http import Answer

Serve = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Server:
    """Serves each connection by `serve`, in a thread; `asked` is what came."""

    def __init__(self, serve: Serve) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/hook?x=1"
        self.asked: list[bytes] = []
        self.stopping = threading.Event()
        self.serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            asked = connection.recv(65_536)
            while asked.startswith(b"POST") and not asked.endswith(b"\r\n\r\nbody"):
                asked += connection.recv(65_536)
            self.asked += [asked] if asked else []
            try:
                self.serve(connection)
            except OSError:
                return

    def drip(self, connection: socket.socket, start: bytes, rest: bytes) -> None:
        """Sends `start`, and then a byte every 50 ms for as long as anybody listens."""
        connection.sendall(start)
        for byte in rest * 200:
            if self.stopping.wait(0.05):
                return
            connection.sendall(bytes([byte]))


@pytest.fixture
def servers() -> Iterator[Callable[[Serve], Server]]:
    made: list[Server] = []

    def serve(how: Serve) -> Server:
        made.append(Server(how))
        return made[-1]

    yield serve
    for server in made:
        server.stopping.set()
        server.listener.close()


def post(url: str, seconds: float = 5, allow_loopback: bool = True) -> tuple[Answer, float]:
    begun = time.monotonic()
    answer = http.call("POST", url, {"x-test": "1"}, b"body", seconds, allow_loopback=allow_loopback)
    return answer, time.monotonic() - begun


Servers = Callable[[Serve], Server]


def test_a_post_arrives_as_it_was_made(servers: Servers) -> None:
    server = servers(lambda connection: connection.sendall(OK))
    answer, _ = post(server.url)
    assert answer == Answer(200)
    assert server.asked[0].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert b"x-test: 1\r\n" in server.asked[0]
    assert server.asked[0].endswith(b"\r\n\r\nbody")


def test_loopback_is_refused_unless_allowed(servers: Servers) -> None:
    server = servers(lambda connection: connection.sendall(OK))
    port = server.url.rpartition(":")[2]
    for url in (server.url, f"http://localhost:{port}", f"https://localhost:{port}", f"https://127.0.0.1:{port}"):
        assert post(url, allow_loopback=False)[0] == Answer(None)
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(servers: Servers, status: int) -> None:
    other = servers(lambda connection: connection.sendall(OK))
    location = f"HTTP/1.1 {status} Moved\r\nlocation: {other.url}\r\ncontent-length: 0\r\n\r\n".encode()
    server = servers(lambda connection: connection.sendall(location))
    assert post(server.url)[0] == Answer(status)
    assert other.asked == []


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"])
def test_a_server_that_drips_is_hung_up_on(servers: Servers, start: bytes) -> None:
    server = servers(lambda connection: server.drip(connection, start, b"x-drip: 1\r\n"))
    answer, took = post(server.url, seconds=0.6)
    assert answer == Answer(None) or start
    assert took < 2


def test_a_tls_handshake_that_drips_is_hung_up_on(servers: Servers) -> None:
    server = servers(lambda connection: server.drip(connection, b"\x16\x03\x03\x40\x00", b"\x02"))
    _, took = post(server.url.replace("http:", "https:"), seconds=0.6)
    assert server.asked[0].startswith(b"\x16\x03")
    assert took < 2


def test_a_silent_server_is_hung_up_on(servers: Servers) -> None:
    server = servers(lambda connection: server.stopping.wait(5) and None)
    answer, took = post(server.url, seconds=0.5)
    assert answer == Answer(None)
    assert took < 2


ADDRESSES = 5


@pytest.fixture
def crowded() -> Iterator[int]:
    """A port where nobody answers, on several of this machine's addresses: there is no room in the backlogs."""
    port = _free_port()
    listeners, guests = [], []
    for last in range(2, 2 + ADDRESSES):
        listener = socket.socket()
        listener.bind((f"127.0.0.{last}", port))
        listener.listen(0)
        listeners.append(listener)
        for _ in range(4):
            guest = socket.socket()
            guest.setblocking(False)
            guest.connect_ex((f"127.0.0.{last}", port))
            guests.append(guest)
    yield port
    for one in (*guests, *listeners):
        one.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_several_silent_addresses_take_no_longer_than_one(
    crowded: int, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    resolves_to(monkeypatch, *((f"127.0.0.{last}", crowded) for last in range(2, 2 + ADDRESSES)))
    answer, took = post(f"{scheme}://bank.example:{crowded}/", seconds=0.6)
    assert answer == Answer(None)
    assert 0.5 < took < 1.2


def test_an_address_that_answers_is_found_behind_silent_ones(
    crowded: int, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = servers(lambda connection: connection.sendall(OK))
    port = int(server.url.split(":")[2].partition("/")[0])
    resolves_to(monkeypatch, ("127.0.0.2", crowded), ("127.0.0.3", crowded), ("127.0.0.1", port))
    answer, took = post(server.url.replace("127.0.0.1", "bank.example"), seconds=1.2)
    assert answer == Answer(200)
    assert took < 1.1


def test_a_name_that_is_looked_up_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(30) and [])
    answer, took = post("http://bank.example/", seconds=0.4)
    never.set()
    assert answer == Answer(None)
    assert took < 1


def test_no_more_of_an_answer_is_read_than_is_allowed(servers: Servers) -> None:
    sent = []

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while not server.stopping.is_set():
            connection.sendall(b"x" * 65_536)
            sent.append(65_536)

    server = servers(endless)
    answer, took = post(server.url)
    assert (answer.status, len(answer.body)) == (200, http.MOST_BYTES_READ)
    assert took < 2
    assert sum(sent) < 32 * 1024 * 1024


@pytest.mark.parametrize(
    "reply", [b"", b"\x00\x01garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000]
)
def test_an_answer_that_is_none_is_none(servers: Servers, reply: bytes) -> None:
    server = servers(lambda connection: connection.sendall(reply))
    assert post(server.url)[0] == Answer(None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("999999999999", 86_400), ("-5", None), ("soon", None), ("1.5", None), ("²", None)],
)
def test_retry_after_is_read_as_seconds(servers: Servers, value: str, seconds: int | None) -> None:
    reply = f"HTTP/1.1 503 Busy\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n".encode()
    server = servers(lambda connection: connection.sendall(reply))
    assert post(server.url)[0] == Answer(503, seconds)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("Sun, 22 Nov 2026 09:02:00 GMT", 120), ("Sunday, 22-Nov-26 09:02:00 GMT", 120),
     ("Sun Nov 22 09:02:00 2026", 120), ("Sun, 22 Nov 2026 09:02:00 -0000", 120),
     ("Sun, 22 Nov 2026 10:02:00 +0100", 120), ("Sun, 22 Nov 2026 09:00:00 GMT", 0),
     ("Sat, 21 Nov 2026 09:00:00 GMT", 0), ("Fri, 22 Nov 2126 09:00:00 GMT", 86_400),
     ("Sun, 32 Nov 2026 09:00:00 GMT", None), ("Sun, 22 Nov 2026", None), ("tomorrow, 9 o'clock", None)],
)  # fmt: skip
def test_retry_after_is_read_as_a_date(value: str, seconds: int | None) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 9, 0, tzinfo=UTC), tick=False):
        assert http._retry_after(value) == seconds


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.datetimes().map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT")))
def test_any_retry_after_is_within_a_day_or_none(value: str) -> None:
    seconds = http._retry_after(value)
    assert seconds is None or 0 <= seconds <= http.LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    "url", ["", "https://", "ftp://127.0.0.1/", "http://[::1", "https://127.0.0.1:99999/", "https://name.invalid/"]
)
def test_what_leads_nowhere_is_no_answer(url: str) -> None:
    assert post(url, seconds=2)[0] == Answer(None)


def test_no_time_left_sends_nothing(servers: Servers) -> None:
    server = servers(lambda connection: connection.sendall(OK))
    for seconds in (0, -1):
        assert post(server.url, seconds=seconds)[0] == Answer(None)
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "0.0.0.0",
     "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1",
     "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
     "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"],
)  # fmt: skip
def test_an_address_that_no_bank_can_have(address: str) -> None:
    assert not http.is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_an_address_of_the_open_internet(address: str) -> None:
    assert http.is_public(address)
