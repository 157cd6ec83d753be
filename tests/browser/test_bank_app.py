"""What a bank's customer sees, on a phone and on a desk."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Sandbox
from tests.browser.samples import coffee, delivery, groceries, transaction

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>&amp;'


def test_feed_shows_payments_newest_first_and_what_was_bought(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction("tx_old", authorised_at="2026-01-05T09:00:00Z", amount=123456))
    sandbox.bank.record(transaction())
    assert sandbox.deliver(delivery(coffee())).status_code == 204

    page.goto(sandbox.address())

    rows = page.locator(".payment")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Kite Coffee Soho")
    expect(rows.nth(0)).to_contain_text("Flat white, Porridge")
    expect(rows.nth(0)).to_contain_text("£5.85")
    expect(rows.nth(1)).to_contain_text("£1,234.56")
    expect(rows.nth(1).locator(".badge")).to_have_count(0)
    expect(page.locator(".day h2")).to_have_text(["Today", "Mon 5 Jan"])
    expect(page.locator("#summary")).to_have_text("1 of 2 with a receipt")


def test_receipt_says_all_that_the_paper_says(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction(amount=1170, merchant={"merchant_id": "MID000200", "name": "FERN HOVE"}))
    sandbox.deliver(delivery(groceries()))
    page.goto(sandbox.address())

    page.get_by_role("link", name="Fern & Field Hove").click()

    paper = page.locator(".paper")
    for text in (
        *("Fern & Field Hove", "5 George Street", "BN3 3YA", "VAT no. GB365918221", "hove-2-004711"),
        *("0.456 kg Vine tomatoes", "£3.00 per kg", "3 × Dark chocolate 85%", "3 for 2", "−£1.99"),
        *("Subtotal", "£14.20", "Member's 50p off", "Total", "£13.70", "Visa •••• 4242", "£11.70", "Voucher"),
        *("Auth 77KD01", "20%", "£4.53", "£0.91", "£5.44"),
    ):
        expect(paper).to_contain_text(text)
    drawn = paper.get_by_role("img", name="Barcode hove-2-004711")
    expect(drawn).to_be_visible()
    page.get_by_text("How this receipt was found").click()
    expect(page.locator(".provenance")).to_contain_text("by its authorisation code, 99.97% certain")
    expect(page.locator(".provenance li").first).to_have_text("same authorisation code")
    assert drawn.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")


def test_barcode_that_cannot_be_drawn_is_still_readable(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction())
    sandbox.deliver(delivery(coffee(barcode={"symbology": "aztec", "value": "AZ-1"})))

    page.goto(sandbox.address("tx_coffee"))

    expect(page.locator(".paper footer")).to_contain_text("AZ-1")
    expect(page.locator(".paper footer img")).to_have_count(0)
    # The browser itself reports the picture that is not there.
    assert all("404" in complaint for complaint in sandbox.complaints)
    sandbox.complaints.clear()


def test_payment_and_receipt_arrive_without_a_reload(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction("tx_old", authorised_at="2026-01-05T09:00:00Z"))
    page.goto(sandbox.address())
    expect(page.locator(".payment")).to_have_count(1)
    page.evaluate("window.untouched = true")

    sandbox.bank.record(transaction())
    expect(page.locator(".payment")).to_have_count(2)
    expect(page.get_by_role("status")).to_contain_text("New payment at Kite Coffee Soho")
    sandbox.deliver(delivery(coffee()))

    expect(page.locator(".payment").first.locator(".badge")).to_have_text("Receipt")
    expect(page.get_by_role("status")).to_contain_text("Receipt from Kite Coffee Soho")
    assert page.evaluate("window.untouched")


def test_going_shopping_brings_a_payment(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction())
    page.goto(sandbox.address())

    page.get_by_role("button", name="Go shopping").click()

    expect(page.locator(".payment")).to_have_count(2)


def test_correction_replaces_and_withdrawal_removes(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction())
    sandbox.deliver(delivery(coffee()))
    page.goto(sandbox.address("tx_coffee"))
    expect(page.locator(".paper")).to_contain_text("Porridge")

    corrected = coffee()
    corrected["lines"][1]["description"] = "Overnight oats"
    sandbox.deliver(delivery(corrected, "corrected", version=2))
    expect(page.locator(".paper")).to_contain_text("Overnight oats")
    expect(page.locator(".stamp")).to_contain_text("Corrected")
    sandbox.deliver(delivery(coffee()))  # the first version once more, late
    assert sandbox.bank.receipt("tx_coffee")["version"] == 2

    sandbox.deliver(delivery(None, "withdrawn", version=3))
    expect(page.locator(".notice")).to_contain_text("Receipt withdrawn")
    expect(page.locator(".paper")).to_have_count(0)
    assert "Overnight" not in page.content()


def test_refund_is_a_credit_with_a_receipt_of_its_own(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction("tx_back", direction="credit", amount=265, status="refunded"))
    refund = coffee(
        kind="refund",
        total=265,
        lines=[{"description": "Porridge", "quantity": "1", "amount": 265, "vat_rate": "0"}],
        original_receipt_id="soho-03-000123",
    )
    sandbox.deliver(delivery(refund, transaction_id="tx_back"))

    page.goto(sandbox.address("tx_back"))

    expect(page.locator(".paper .stamp")).to_have_text("Refund")
    expect(page.locator(".paper")).to_contain_text("For receipt")
    if page.locator("#back").is_visible():
        page.locator("#back").click()
    expect(page.locator(".payment .credit")).to_have_text("+£2.65")


def test_consent_switch_asks_the_api_and_says_what_it_answered(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction())
    page.goto(sandbox.address())
    switch = page.get_by_role("switch", name="Itemised receipts")
    expect(switch).to_be_checked()

    switch.press("Space")
    expect(switch).not_to_be_checked()
    assert [call["granted"] for call in sandbox.consent_api.calls] == [False]
    switch.click()
    expect(switch).to_be_checked()
    assert sandbox.consent_api.calls[1]["expected_version"] == 2

    sandbox.consent_api.fails = True
    switch.click()
    expect(page.get_by_role("status")).to_contain_text("did not answer")
    expect(switch).to_be_checked()
    assert all("502" in complaint for complaint in sandbox.complaints)
    sandbox.complaints.clear()


def test_hostile_text_stays_text(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction(merchant={"merchant_id": "M", "name": HOSTILE}))
    hostile = coffee(till_id=HOSTILE, barcode={"symbology": "code39", "value": HOSTILE})
    hostile["lines"][0]["description"] = HOSTILE
    hostile["store"]["name"] = HOSTILE
    hostile["store"]["website"] = "javascript:alert(1)"
    sandbox.deliver(delivery(hostile))

    page.goto(sandbox.address("tx_coffee"))

    expect(page.locator(".paper .item").first).to_contain_text(HOSTILE)
    assert page.locator("#receipt script, #receipt img[src=x], #days img, #days script").count() == 0
    assert page.title() == "Payments · Openbank"
    sandbox.complaints.clear()  # that barcode cannot be drawn


def test_nothing_scrolls_sideways(page: Page, sandbox: Sandbox) -> None:
    long = "Extraordinarilylongdescription" * 6
    sandbox.bank.record(transaction(merchant={"merchant_id": "M", "name": long}))
    sandbox.deliver(delivery(coffee(lines=[{"description": long, "quantity": "1", "amount": 585}])))
    for address in (sandbox.address(), sandbox.address("tx_coffee")):
        page.goto(address)
        expect(page.locator(".payment").first).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_keyboard_opens_and_leaves_a_receipt(page: Page, sandbox: Sandbox) -> None:
    sandbox.bank.record(transaction())
    sandbox.deliver(delivery(coffee()))
    page.goto(sandbox.address())
    page.locator(".payment").focus()

    page.keyboard.press("Enter")
    expect(page.locator(".paper")).to_be_visible()
    expect(page.locator("#detail")).to_be_focused()
    page.go_back()

    expect(page.locator(".payment")).to_be_focused()
