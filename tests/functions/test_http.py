"""Calls to banks: the guard and the deadline, against real servers on this machine."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

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
    [("120", 120), ("0", 0), ("999999999999", 86_400), ("-5", None), ("soon", None), ("1.5", None), ("²", None),
     ("Sun, 22 Nov 2026 09:00:00 GMT", None)],
)  # fmt: skip
def test_retry_after_is_read_as_seconds(servers: Servers, value: str, seconds: int | None) -> None:
    reply = f"HTTP/1.1 503 Busy\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n".encode()
    server = servers(lambda connection: connection.sendall(reply))
    assert post(server.url)[0] == Answer(503, seconds)


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
