"""The API's description in a browser, from the banks' program and as a file, without a request to anywhere else."""

import pytest
from playwright.sync_api import Browser, Page, expect

from counterfoil.openapi.answers import DELIVERIES
from counterfoil.openapi.operation import TAGS
from counterfoil.openapi.operations import OPERATIONS
from infra import openapi
from tests.browser.conftest import DESKTOP, Sandbox


def shows_everything(page: Page) -> None:
    shown = page.locator(".opblock-tag-section .opblock")
    expect(shown).to_have_count(len(OPERATIONS))
    expect(page.locator(".opblock-tag")).to_have_count(len(TAGS))
    for one in OPERATIONS:
        summary = page.get_by_text(one.summary, exact=True)
        expect(shown.filter(has=summary).locator(".opblock-summary-method")).to_have_text(one.method)
    expect(page.locator(".webhooks .opblock")).to_have_count(len(DELIVERIES))


@pytest.mark.parametrize("page", [DESKTOP], indirect=True)
def test_the_banks_program_shows_every_operation(page: Page, sandbox: Sandbox) -> None:
    """The fixtures see to it that the page complains of nothing and asks nobody else."""
    page.goto(f"{sandbox.url}/api/")
    shows_everything(page)

    page.get_by_text("Send a receipt, or up to a hundred").click()

    opened = page.locator(".opblock.is-open")
    expect(opened).to_contain_text("The sums must hold exactly")
    expect(opened).to_contain_text('"receipt_id"')
    for status in ("202", "400", "401", "404", "413", "422", "429", "5XX"):
        expect(opened.locator(f"tr.response[data-code='{status}']")).to_be_visible()
    expect(page.locator(".errors-wrapper")).to_have_count(0)
    expect(page.get_by_role("button", name="Try it out")).to_have_count(0)


def test_it_can_be_read_without_a_server(chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((openapi.pages() / "index.html").as_uri())

    shows_everything(page)
    page.get_by_text("A payment's receipt was found.").click()

    expect(page.locator(".opblock.is-open")).to_contain_text("webhook-id")
    expect(page.locator(".errors-wrapper")).to_have_count(0)
    assert len(asked) >= 5
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()
