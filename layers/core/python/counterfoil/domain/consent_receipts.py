"""The receipt of a consent, or of its withdrawal: the field names of the Kantara Initiative's Consent Receipt v1.1.

It is made from the choice alone, so that whoever asks again gets the same. A withdrawal has no form in v1.1: it is a
receipt of its own whose `consentType` says so.
"""

from typing import Any

from counterfoil.domain.consent import WITHDRAWAL_TAKES_EFFECT, Choice
from counterfoil.domain.controller import CONTROLLER
from counterfoil.domain.purposes import MEANINGS

VERSION = "KI-CR-v1.1.0"
SERVICE = "Itemised receipts in the bank's app"
_SECONDS = int(WITHDRAWAL_TAKES_EFFECT.total_seconds())
_ENDS = f"Until it is withdrawn, which takes effect within {_SECONDS} seconds, or the bank disconnects the customer"


def consent_receipt(choice: Choice, receipt_id: str, principal: str, bank: str, public_key: str) -> dict[str, Any]:
    """`principal`: the customer's id as whoever gets the receipt knows it. `bank`: the name of the bank to which
    receipts go. `public_key`: a JWK as JSON."""
    return {
        "version": VERSION,
        "jurisdiction": "GB",
        "consentTimestamp": int(choice.changed_at.timestamp()),
        "collectionMethod": choice.origin,
        "consentReceiptID": receipt_id,
        "publicKey": public_key,
        "language": choice.language.partition("-")[0].lower(),
        "piiPrincipalId": principal,
        "piiControllers": [_controller()],
        "policyUrl": f"{CONTROLLER.url}/v1/notices/{choice.notice_version}" if choice.notice_version else _NOTICES,
        "services": [{"service": SERVICE, "purposes": [_purpose(choice, bank)]}],
        "sensitive": False,
        "spiCat": [],
    }


_NOTICES = f"{CONTROLLER.url}/v1/notices"


def _controller() -> dict[str, Any]:
    return {
        "piiController": CONTROLLER.name,
        "onBehalf": False,
        "contact": CONTROLLER.contact,
        "address": {
            "streetAddress": CONTROLLER.street,
            "addressLocality": CONTROLLER.town,
            "postalCode": CONTROLLER.postcode,
            "addressCountry": CONTROLLER.country,
        },
        "email": CONTROLLER.email,
        "phone": CONTROLLER.phone,
        "piiControllerUrl": CONTROLLER.url,
    }


def _purpose(choice: Choice, bank: str) -> dict[str, Any]:
    meaning, goes_to_bank = MEANINGS[choice.purpose], choice.purpose == "receipts"
    return {
        "purpose": meaning.means,
        "purposeCategory": [choice.purpose],
        "consentType": "EXPLICIT" if choice.granted else "WITHDRAWN",
        "piiCategory": list(meaning.data),
        "primaryPurpose": choice.purpose == "receipts",
        "termination": _ENDS if choice.granted else f"Withdrawn: ended within {_SECONDS} seconds of consentTimestamp",
        "thirdPartyDisclosure": goes_to_bank,
        **({"thirdPartyName": bank} if goes_to_bank else {}),
    }
