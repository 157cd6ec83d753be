"""Calls to banks: one request, a total deadline, no redirect, and never an address that is not public.

The address is checked on the connected socket, after the name was resolved and before a byte is sent, so that a name
that answers differently the second time changes nothing. The deadline holds for all of it: looking the name up, trying
each of its addresses, the handshake, the request and its answer.
"""

import ipaddress
import math
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from queue import Empty, Queue
from typing import Any, Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from counterfoil.runtime import env

MOST_BYTES_READ = 64 * 1024
CONNECT_SECONDS = 5.0
"""The longest that one address of a host may take to connect."""
LONGEST_RETRY_AFTER = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status, or None where no answer came; `retry_after` in seconds where the bank asked for it.

    `body`: its first 64 KiB, or as much as the caller wanted.
    """

    status: int | None
    retry_after: int | None = None
    body: bytes = b""


class _NotPublic(OSError):
    """The name led to an address that a bank cannot have, or to none in time."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: none of ours, no loopback, link, metadata or multicast."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in _TRANSLATED:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class Request(Protocol):
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


def send(request: Request, seconds: float, *, most_bytes: int = MOST_BYTES_READ) -> Answer:
    """One request to a bank, as this deployment may make it: see `call`."""
    return call(
        request.method,
        request.url,
        request.headers,
        request.body,
        seconds,
        allow_loopback=env.flag("ALLOW_LOOPBACK_CALLBACKS"),
        most_bytes=most_bytes,
    )


def call(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    seconds: float,
    *,
    allow_loopback: bool = False,
    most_bytes: int = MOST_BYTES_READ,
) -> Answer:
    """One request, all within `seconds`. Whatever goes wrong on the way is an answer without a status.

    `allow_loopback` is for the sandbox's bank, which listens on this machine, without TLS.
    """
    ends_at = time.monotonic() + seconds
    try:
        connection = _connection_to(url, ends_at, allow_loopback)
    except ValueError:
        return Answer(None)
    if seconds <= 0 or connection is None:
        return Answer(None)
    target = urlsplit(url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        return _exchange(connection, method, path, headers, body, ends_at, most_bytes)
    except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError):
        return Answer(None)
    finally:
        connection.close()


def _connection_to(url: str, ends_at: float, allow_loopback: bool) -> HTTPConnection | None:
    """Not yet connected; None where the URL is not one to call. Raises ValueError where it is no URL."""
    target = urlsplit(url)
    secure = target.scheme == "https"
    if target.hostname is None or not (secure or (allow_loopback and target.scheme == "http")):
        return None
    connection = (_GuardedHttps if secure else _Guarded)(target.hostname, target.port)
    connection.allow_loopback, connection.ends_at = allow_loopback, ends_at
    return connection


def _exchange(
    connection: HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    ends_at: float,
    most_bytes: int,
) -> Answer:
    connection.connect()
    left = ends_at - time.monotonic()
    if left <= 0 or connection.sock is None:
        return Answer(None)
    connection.sock.settimeout(left)
    # A server that drips byte by byte resets the socket's timeout each time: this does not.
    hang_up = threading.Timer(left, _shut, [connection.sock])
    hang_up.daemon = True
    hang_up.start()
    try:
        connection.request(method, path, body=body, headers=dict(headers), preload_content=False)
        response = connection.getresponse()
        content = response.read(most_bytes)
        return Answer(response.status, _retry_after(response.headers.get("retry-after")), content)
    finally:
        hang_up.cancel()


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _retry_after(value: str | None) -> int | None:
    """Seconds from now, at most a day; None where the header is neither a number nor an HTTP date."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(int(value[:9]), LONGEST_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(value)
        # `-0000` is UTC without a word about the place.
        left = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(math.ceil(left / timedelta(seconds=1)), 0), LONGEST_RETRY_AFTER)


def _resolved(host: str, port: int, ends_at: float) -> Sequence[tuple[Any, ...]]:
    """The addresses behind a name. A look-up has no deadline of its own: it is waited for no longer than ours."""
    found: Queue[Sequence[tuple[Any, ...]] | OSError | ValueError] = Queue()

    def look_up() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.put(error)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        answer = found.get(timeout=max(ends_at - time.monotonic(), 0))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _connected(
    address: tuple[Any, ...], seconds: float, options: Sequence[tuple[int, int, int | bytes]]
) -> socket.socket:
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(seconds)
        sock.connect(where)
    except OSError:
        sock.close()
        raise
    return sock


class _Guarded(HTTPConnection):
    """Refuses the connection that leads to an address which is not public, and is connected by `ends_at`."""

    allow_loopback = False
    ends_at = 0.0

    def _new_conn(self) -> socket.socket:
        sock = self._first_to_answer()
        address = sock.getpeername()[0]
        loopback = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        left = self.ends_at - time.monotonic()
        if left > 0 and (is_public(address) or (self.allow_loopback and loopback)):
            sock.settimeout(left)  # for the handshake
            return sock
        sock.close()
        raise _NotPublic

    def _first_to_answer(self) -> socket.socket:
        """Tries each address in turn; what time is left is shared by those that are."""
        addresses = _resolved(self._dns_host.strip("[]"), self.port, self.ends_at)
        for tried, address in enumerate(addresses):
            share = (self.ends_at - time.monotonic()) / (len(addresses) - tried)
            if share <= 0:
                break
            with suppress(OSError):
                return _connected(address, min(CONNECT_SECONDS, share), self.socket_options or ())
        raise TimeoutError


class _GuardedHttps(_Guarded, HTTPSConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        context = urllib3.util.create_urllib3_context()
        context.load_default_certs()
        self.ssl_context = context
