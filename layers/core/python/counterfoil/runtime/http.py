"""Calls to banks: one request, a total deadline, no redirect, and never an address that is not public.

The address is checked on the connected socket, after the name was resolved and before a byte is sent, so that a name
that answers differently the second time changes nothing.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

MOST_BYTES_READ = 64 * 1024
CONNECT_SECONDS = 5.0
LONGEST_RETRY_AFTER = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status, or None where no answer came; `retry_after` in seconds where the bank asked for it.

    `body`: its first 64 KiB.
    """

    status: int | None
    retry_after: int | None = None
    body: bytes = b""


class _NotPublic(OSError):
    """The name led to an address that a bank cannot have."""


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


def call(
    method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float, *, allow_loopback: bool = False
) -> Answer:
    """One request, all within `seconds`. Whatever goes wrong on the way is an answer without a status.

    `allow_loopback` is for the sandbox's bank, which listens on this machine, without TLS.
    """
    ends_at = time.monotonic() + seconds
    try:
        connection = _connection_to(url, min(CONNECT_SECONDS, seconds), allow_loopback)
    except ValueError:
        return Answer(None)
    if seconds <= 0 or connection is None:
        return Answer(None)
    target = urlsplit(url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        return _exchange(connection, method, path, headers, body, ends_at)
    except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError):
        return Answer(None)
    finally:
        connection.close()


def _connection_to(url: str, seconds: float, allow_loopback: bool) -> HTTPConnection | None:
    """Not yet connected; None where the URL is not one to call. Raises ValueError where it is no URL."""
    target = urlsplit(url)
    secure = target.scheme == "https"
    if target.hostname is None or not (secure or (allow_loopback and target.scheme == "http")):
        return None
    made: type[HTTPConnection] = _GuardedHttps if secure else _GuardedHttp
    connection = made(target.hostname, target.port, timeout=seconds)
    connection.allow_loopback = allow_loopback  # type: ignore[attr-defined]
    return connection


def _exchange(
    connection: HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: bytes, ends_at: float
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
        content = response.read(MOST_BYTES_READ)
        return Answer(response.status, _retry_after(response.headers.get("retry-after")), content)
    finally:
        hang_up.cancel()


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _retry_after(value: str | None) -> int | None:
    """Seconds, where the header gives them as a number; a date is not honoured, the planned wait is."""
    if value is None or not value.isascii() or not value.isdigit():
        return None
    return min(int(value[:9]), LONGEST_RETRY_AFTER)


class _Guarded:
    """Refuses the connection that leads to an address which is not public."""

    allow_loopback = False

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        address = sock.getpeername()[0]
        loopback = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        if is_public(address) or (self.allow_loopback and loopback):
            return sock
        sock.close()
        raise _NotPublic


class _GuardedHttp(_Guarded, HTTPConnection):
    pass


class _GuardedHttps(_Guarded, HTTPSConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        context = urllib3.util.create_urllib3_context()
        context.load_default_certs()
        self.ssl_context = context
