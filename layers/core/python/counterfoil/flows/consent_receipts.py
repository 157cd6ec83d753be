"""The signed receipt of a customer's choice."""

import json
from dataclasses import dataclass
from typing import Any

from counterfoil.domain import consent_receipts
from counterfoil.domain.consent import Choice
from counterfoil.sealing import Sealer
from counterfoil.signing import Signer
from counterfoil.store import registry


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """`jws` signs `content` and holds it."""

    content: dict[str, Any]
    jws: str


def receipt_of(choice: Choice, subject: str, principal: str, bank: str, sealer: Sealer) -> SignedReceipt:
    """The same for the same choice. `principal`: the customer's id as whoever gets the receipt knows it."""
    signer, record = Signer(sealer.signing_seed), registry.bank(bank)
    receipt_id = sealer.consent_receipt_id(subject, choice.purpose, choice.version)
    name, public_key = record.bank.name if record else bank, json.dumps(signer.public_key, separators=(",", ":"))
    content = consent_receipts.consent_receipt(choice, receipt_id, principal, name, public_key)
    return SignedReceipt(content, signer.sign(content))
