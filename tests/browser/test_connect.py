"""A customer connects, chooses and disconnects on their own page, on a phone: the real handlers behind a prefix, as the
engine serves them, and the banks' programs beside them."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.customer_page import buys, looked_at, section, sign_in
from tests.world import World


def test_from_signing_in_to_disconnecting(any_phone: Page, openbank: str, counterfoil: World) -> None:
    page = any_phone
    page.goto(openbank)
    looked_at(page, "welcome")
    page.get_by_role("button", name="Sign in with Openbank").click()
    looked_at(page, "at-the-bank")
    page.get_by_role("button", name="Allow").click()
    assert page.url == openbank
    looked_at(page, "choices-off")

    assert section(page, "Offers").get_by_role("button").count() == 0
    section(page, "Receipts").get_by_role("button", name="Switch receipts on").click()
    expect(section(page, "Receipts")).to_contain_text("On")
    section(page, "Loyalty").get_by_role("button", name="Switch loyalty on").click()
    expect(section(page, "Loyalty").get_by_role("button", name="Switch loyalty off")).to_be_visible()
    looked_at(page, "choices-on")
    buys(counterfoil)

    page.get_by_role("link", name="Receipts", exact=True).click()
    looked_at(page, "receipts")
    page.get_by_role("link", name="Kite Coffee Soho").click()
    expect(page.get_by_role("article")).to_contain_text("Flat white")
    expect(page.get_by_role("article")).to_contain_text("GB123456782")
    looked_at(page, "receipt")
    for form, begins in (("PDF", b"%PDF-"), ("CSV", b"\xef\xbb\xbftax_point"), ("JSON", b"{")):
        with page.expect_download() as downloading:
            page.get_by_role("link", name=form).click()
        assert downloading.value.path().read_bytes().startswith(begins)
        assert downloading.value.suggested_filename.endswith(f".{form.lower()}")

    page.get_by_role("link", name="Choices").click()
    section(page, "Receipts").get_by_role("button", name="Switch receipts off").click()
    expect(section(page, "Receipts")).to_contain_text("At 09:1")
    expect(section(page, "Loyalty").get_by_role("button")).to_have_count(0)
    looked_at(page, "switched-off")
    page.get_by_text("End all of it").click()
    looked_at(page, "before-disconnecting")
    page.get_by_role("button", name="Disconnect Openbank and erase my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Openbank is disconnected")
    looked_at(page, "disconnected")
    counterfoil.run(4 * 86_400)
    sign_in(page, openbank)
    page.get_by_role("link", name="Receipts", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("No receipts yet")


def test_by_keyboard_alone(phone: Page, openbank: str, counterfoil: World) -> None:
    phone.goto(openbank)
    _tab_to(phone, "Sign in with Openbank")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Tell Counterfoil who you are?")
    _tab_to(phone, "Allow")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your choices")
    phone.keyboard.press("Tab")
    expect(phone.get_by_role("link", name="Skip to the content")).to_be_focused()
    _tab_to(phone, "Switch receipts on")
    phone.keyboard.press("Enter")
    expect(section(phone, "Receipts")).to_contain_text("Switched on")
    _tab_to(phone, "Receipts", start=True)
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your receipts")
    _tab_to(phone, "Sign out", start=True)
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="Sign in with Openbank")).to_be_visible()


def test_who_says_no_at_the_bank_or_waits_too_long_is_told_so(phone: Page, openbank: str, counterfoil: World) -> None:
    phone.goto(openbank)
    phone.get_by_role("button", name="Sign in with Openbank").click()
    _refuses(phone, lambda: phone.get_by_role("button", name="Not now").click())
    sign_in(phone, openbank)
    counterfoil.pass_time(1801)
    _refuses(phone, lambda: phone.get_by_role("button", name="Switch receipts on").click())
    phone.goto(f"{openbank}/receipts")
    expect(phone.get_by_role("button", name="Sign in with Openbank")).to_be_visible()


def test_monzos_customer_connects_an_account_and_disconnects(phone: Page, monzo: str, counterfoil: World) -> None:
    phone.goto(monzo)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your shop receipts, in Monzo")
    looked_at(phone, "connect")
    phone.get_by_role("button", name="Connect Monzo").press("Enter")
    phone.get_by_role("button", name="Allow").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Monzo is connected")
    assert phone.url == monzo
    looked_at(phone, "connected")
    cookies = {cookie["name"]: cookie for cookie in phone.context.cookies()}
    assert set(cookies) == {"__Host-session"}
    assert (cookies["__Host-session"]["httpOnly"], cookies["__Host-session"]["secure"]) == (True, True)
    counterfoil.run(60)

    phone.get_by_role("button", name="Switch receipts off").click()
    expect(section(phone, "Receipts").get_by_role("button", name="Connect Monzo")).to_be_visible()
    phone.get_by_text("End all of it").click()
    phone.get_by_role("button", name="Disconnect Monzo and erase my data").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Monzo is disconnected")
    phone.goto(monzo)
    expect(phone.get_by_role("button", name="Connect Monzo")).to_be_visible()


def _tab_to(page: Page, name: str, *, start: bool = False) -> None:
    """Presses Tab until what has this name is focused."""
    if start:
        page.goto(page.url)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == name:
            return
    raise AssertionError(name)


def _refuses(page: Page, act: Callable[[], None]) -> None:
    act()
    expect(page.get_by_role("heading", level=1)).to_have_text("That did not work")
