"""The banks' HTTP program: the callback for deliveries, and the app that their customers open.

    POST /callbacks/{bank}                        deliveries from Counterfoil
    GET  /callbacks/{bank}                        what came there, the newest first
    GET  /                                        the page (folder page/)
    GET  /app/customers                           whose app can be opened here
    GET  /app/{bank}/{customer}/payments          the feed with its receipts
    GET  /app/{bank}/{customer}/changes           server-sent events: payments, consent
    GET, PUT /app/{bank}/{customer}/consent       {"granted": bool}
    POST /app/{bank}/{customer}/purchases         go shopping: a payment, and a till that prints
    GET  /app/barcode/{symbology}?value=          SVG
    GET  /api/                                    the API's description, to read
    /sign-in/{bank}/…                             who a customer is, for other people's pages (sign_in.py)

A sandbox: it listens on the loopback address only and has no sign-in.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra import openapi
from infra.sandbox import barcodes, sign_in
from infra.sandbox.bank import Bank

Shopping = Callable[[Bank, str], None]  # (bank, customer_id)

PAGE = Path(__file__).parent / "page"
PORT = 8471
SILENCE = 60  # seconds that a silent bank keeps its caller waiting, at most
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class SecureHeaders:
    """Adds HEADERS to every answer, but what it says itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    said.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def bank_app(banks: Sequence[Bank], go_shopping: Shopping) -> Starlette:
    """The program of these banks. `go_shopping` is what the app's button does."""
    app = Starlette(
        routes=[
            Route("/callbacks/{bank}", callback, methods=["POST"]),
            Route("/callbacks/{bank}", received),
            Route("/app/customers", customers),
            Route("/app/barcode/{symbology}", barcode),
            Route("/app/{bank}/{customer}/payments", payments),
            Route("/app/{bank}/{customer}/changes", changes),
            Route("/app/{bank}/{customer}/consent", consent, methods=["GET", "PUT"]),
            Route("/app/{bank}/{customer}/purchases", purchase, methods=["POST"]),
            *sign_in.routes(),
            Mount("/api", StaticFiles(directory=openapi.pages(), html=True)),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        middleware=[
            Middleware(SecureHeaders),
            # A page elsewhere must not reach this program by a name that resolves to the loopback address.
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
        ],
    )
    app.state.banks = {bank.bank: bank for bank in banks}
    app.state.go_shopping = go_shopping
    return app


@contextmanager
def serving(banks: Sequence[Bank], go_shopping: Shopping) -> Iterator[str]:
    """Serve on 127.0.0.1 while the context lasts, at PORT or, where that is taken, a free one. Yields the address."""
    listener = _listener()
    config = uvicorn.Config(
        bank_app(banks, go_shopping), log_level="error", timeout_graceful_shutdown=1, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="banks", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()


def _listener() -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", PORT))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))


async def callback(request: Request) -> Response:
    bank = _bank(request)
    status, retry_after = await asyncio.to_thread(bank.receive, request.headers, await request.body())
    if status == 0:
        await _say_nothing(bank)
        return Response(status_code=504)
    headers = {"retry-after": str(retry_after)} if retry_after else {}
    return Response(status_code=status, headers=headers)


def received(request: Request) -> Response:
    """What an integrator wants to see of the last hundred requests."""
    attempts = list(_bank(request).attempts)[-100:]
    told = [
        {
            "delivery_id": attempt.delivery_id,
            "type": attempt.type,
            "transaction_id": attempt.transaction_id,
            "answered": attempt.status,
            "at": attempt.at.isoformat(timespec="seconds"),
            "headers": attempt.signed,
            "body": attempt.body.decode("utf-8", "replace"),
        }
        for attempt in reversed(attempts)
    ]
    return JSONResponse({"received": told})


async def _say_nothing(bank: Bank) -> None:
    waited = 0.0
    while bank.trouble and waited < SILENCE:
        await asyncio.sleep(0.1)
        waited += 0.1


def customers(request: Request) -> Response:
    banks: dict[str, Bank] = request.app.state.banks
    known = [
        {"bank": bank.bank, "name": bank.name, "customer_id": customer, "own_page": bank.own_page}
        for bank in banks.values()
        for customer in bank.customers()
    ]
    return JSONResponse({"customers": known})


def payments(request: Request) -> Response:
    bank = _bank(request)
    return JSONResponse({"bank": bank.name, "payments": bank.feed(request.path_params["customer"])})


async def consent(request: Request) -> Response:
    bank, customer = _bank(request), request.path_params["customer"]
    try:
        if request.method == "GET":
            return JSONResponse(await asyncio.to_thread(bank.consent, customer))
        granted = await _wish(request)
        return JSONResponse(await asyncio.to_thread(bank.set_consent, customer, granted=granted))
    except httpx.HTTPError:
        return JSONResponse({"detail": "The receipts service did not answer. Try again."}, status_code=502)


def purchase(request: Request) -> Response:
    try:
        request.app.state.go_shopping(_bank(request), request.path_params["customer"])
    except httpx.HTTPError:
        return JSONResponse({"detail": "The shop's till did not get through. Try again."}, status_code=502)
    return Response(status_code=204)


async def _wish(request: Request) -> bool:
    try:
        granted = (await request.json())["granted"]
    except (ValueError, KeyError, TypeError):
        granted = None
    if not isinstance(granted, bool):
        raise HTTPException(400, "granted: true or false")
    return granted


async def changes(request: Request) -> Response:
    return StreamingResponse(_events(_bank(request), request.path_params["customer"]), media_type="text/event-stream")


async def _events(bank: Bank, customer: str) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[str] = asyncio.Queue()

    def listener(customer_id: str, what: str) -> None:
        if customer_id == customer:
            loop.call_soon_threadsafe(told.put_nowait, what)

    bank.listeners.add(listener)
    try:
        yield "retry: 1000\n\n"
        while True:
            yield f"event: {await told.get()}\ndata: changed\n\n"
    finally:
        bank.listeners.discard(listener)


def barcode(request: Request) -> Response:
    try:
        drawn = barcodes.svg(request.path_params["symbology"], request.query_params.get("value", ""))
    except ValueError as error:
        raise HTTPException(404, "No such barcode can be drawn") from error
    return Response(drawn, media_type="image/svg+xml")


def _bank(request: Request) -> Bank:
    banks: dict[str, Bank] = request.app.state.banks
    if request.path_params["bank"] not in banks:
        raise HTTPException(404, "No such bank")
    return banks[request.path_params["bank"]]
