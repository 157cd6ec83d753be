"""What a customer finds on their own page, on a phone: their receipts, and the requests that the law gives them."""

import boto3
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from playwright.sync_api import Page, expect

from tests.browser.customer_page import buys, looked_at, section, sign_in
from tests.world import World


def test_a_receipt_is_found_by_its_barcode_and_a_time_downloaded(
    phone: Page, openbank: str, counterfoil: World
) -> None:
    counterfoil.consent()
    buys(counterfoil)
    sign_in(phone, openbank)
    phone.get_by_role("link", name="Receipts", exact=True).click()
    for value, count in (("SOHO03000123", 1), ("ANOTHER", 0)):
        phone.get_by_label("What the barcode at its foot says").fill(value)
        phone.get_by_role("button", name="Find").click()
        expect(phone.get_by_role("link", name="Kite Coffee Soho")).to_have_count(count)
        expect(phone.get_by_label("What the barcode at its foot says")).to_have_value(value)
    looked_at(phone, "none-found")
    phone.get_by_label("What the barcode at its foot says").fill("")
    phone.get_by_label("From").fill("2026-11-01")
    with phone.expect_download() as downloading:
        phone.get_by_role("button", name="Download the table").click()
    assert b"Flat white" in downloading.value.path().read_bytes()
    assert downloading.value.suggested_filename == "receipts.csv"


def test_a_request_is_made_shown_and_withdrawn(any_phone: Page, openbank: str, counterfoil: World) -> None:
    counterfoil.consent()
    sign_in(any_phone, openbank)
    any_phone.get_by_role("link", name="Your data").click()
    looked_at(any_phone, "data")
    any_phone.get_by_label("What do you want?").select_option("rectification")
    any_phone.get_by_label("Anything that we should know").fill("The receipt of <b>Friday</b> is not mine.")
    any_phone.get_by_role("button", name="Send the request").click()
    asked = section(any_phone, "A correction")
    expect(asked).to_contain_text("You will have our answer by 21 December 2026.")
    looked_at(any_phone, "asked")
    asked.get_by_role("button", name="Withdraw").click()
    expect(section(any_phone, "A correction")).to_contain_text("Withdrawn")


def test_who_cannot_sign_in_asks_by_mail(any_phone: Page, openbank: str, counterfoil: World) -> None:
    boto3.client("sesv2").create_email_identity(EmailIdentity="counterfoil.example")
    any_phone.goto(openbank)
    any_phone.get_by_role("link", name="You cannot sign in?").click()
    looked_at(any_phone, "without-signing-in")
    any_phone.get_by_label("Your e-mail address").fill("ann@example.org")
    any_phone.get_by_role("button", name="Send me the link").click()
    looked_at(any_phone, "mailed")
    mail = get_backend("ses")[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages[-1].body
    any_phone.goto(next(word for word in mail.split() if "/connect/openbank/link?" in word))
    any_phone.get_by_role("button", name="Show it").click()
    expect(any_phone.get_by_role("main")).to_contain_text("Before we do or disclose anything")
    looked_at(any_phone, "asked-by-mail")
    any_phone.get_by_role("button", name="Withdraw this request").click()
    expect(any_phone.get_by_role("main")).to_contain_text("You withdrew the request")
