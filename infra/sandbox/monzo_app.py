"""Monzo's HTTP program on the loopback address: its API, and the page on which a customer allows an app.

GET  /authorise?client_id&redirect_uri&response_type=code&state    one button
POST /authorise                                                    sends the customer back with a code
POST /sandbox/payments {"account_id", "amount", "merchant"}        somebody pays by card
GET  /sandbox/accounts/{account_id}                                what apps have there: webhooks, receipts
all else                                                           the API (infra/sandbox/monzo.py)
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from html import escape
from threading import Thread
from urllib.parse import parse_qsl, urlencode

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.sandbox.monzo import Monzo

TRIES = 5
FIRST_WAIT = 0.2
METHODS = ["GET", "POST", "PUT", "DELETE"]


def monzo_app(monzo: Monzo) -> Starlette:
    app = Starlette(
        routes=[
            Route("/authorise", ask, methods=["GET"]),
            Route("/authorise", allow, methods=["POST"]),
            Route("/sandbox/payments", pay, methods=["POST"]),
            Route("/sandbox/accounts/{account_id}", shown),
            Route("/{path:path}", api, methods=METHODS),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )
    app.state.monzo = monzo
    return app


@contextmanager
def serving(monzo: Monzo) -> Iterator[str]:
    """Serve on 127.0.0.1 while the context lasts, and send webhooks. Yields the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(monzo_app(monzo), log_level="error", timeout_graceful_shutdown=1, lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="monzo", daemon=True)
    thread.start()
    with ThreadPoolExecutor(4) as senders, httpx.Client(timeout=10) as http:
        monzo.post = partial(senders.submit, send, http)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=5)
            listener.close()


def send(http: httpx.Client, url: str, body: bytes) -> None:
    """A webhook: five tries, each after a longer wait."""
    for number in range(TRIES):
        with contextlib.suppress(httpx.HTTPError):
            if http.post(url, content=body, headers={"content-type": "application/json"}).is_success:
                return
        time.sleep(FIRST_WAIT * 2**number)


def shown(request: Request) -> Response:
    monzo, account_id = request.app.state.monzo, request.path_params["account_id"]
    receipts = [
        monzo.receipt_of(each["id"]) for each in monzo.transactions.values() if each["account_id"] == account_id
    ]
    webhooks = [each for each in monzo.webhooks.values() if each["account_id"] == account_id]
    return JSONResponse({"webhooks": len(webhooks), "receipts": [each for each in receipts if each]})


async def api(request: Request) -> Response:
    body = await request.body()
    monzo: Monzo = request.app.state.monzo
    status, told = await asyncio.to_thread(monzo.answer, request.method, str(request.url), request.headers, body)
    return JSONResponse(told, status)


def ask(request: Request) -> Response:
    monzo: Monzo = request.app.state.monzo
    fields = {name: request.query_params.get(name, "") for name in ("client_id", "redirect_uri", "state")}
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())
    accounts = "".join(
        f'<option value="{escape(account_id)}">{escape(owner)}</option>' for account_id, owner in monzo.accounts.items()
    )
    return HTMLResponse(
        f"""<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>Monzo (sandbox)</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<h1>Monzo, in the sandbox</h1><p>An app wants to see your account.</p>
<form method="post">{hidden}<p><label>Account <select name="account_id">{accounts}</select></label></p>
<button>Allow</button></form></html>"""
    )


async def allow(request: Request) -> Response:
    form = dict(parse_qsl((await request.body()).decode()))
    monzo: Monzo = request.app.state.monzo
    code = monzo.allow(form.get("account_id", ""), form.get("client_id", ""), form.get("redirect_uri", ""))
    if code is None:
        return JSONResponse({"error": "invalid_request"}, 400)
    back = urlencode({"code": code, "state": form.get("state", "")})
    return RedirectResponse(f"{form['redirect_uri']}?{back}", 303)


async def pay(request: Request) -> Response:
    wish = await request.json()
    monzo: Monzo = request.app.state.monzo
    paid = await asyncio.to_thread(monzo.pay, wish["account_id"], wish["amount"], wish["merchant"])
    return JSONResponse({"transaction": paid}, 201)
