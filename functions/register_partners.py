"""Ops load merchants.json and banks.json: all of both, or nothing and every problem with its line."""

from collections.abc import Mapping
from typing import Any

from counterfoil.domain import registration
from counterfoil.domain.registration import RegistrationInvalid
from counterfoil.runtime import env
from counterfoil.store import registry


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """`{"merchants": text or None, "banks": text or None}` to `{"registered": counts}` or `{"problems": [...]}`."""
    texts = {name: event.get(name) for name in ("merchants", "banks")}
    problems: list[dict[str, Any]] = []
    merchants = banks = []
    try:
        merchants = registration.parse_merchants(texts["merchants"]) if texts["merchants"] else []
    except RegistrationInvalid as error:
        problems += _told("merchants", error)
    try:
        loopback = env.flag("ALLOW_LOOPBACK_CALLBACKS")
        banks = registration.parse_banks(texts["banks"], allow_loopback=loopback) if texts["banks"] else []
    except RegistrationInvalid as error:
        problems += _told("banks", error)
    if problems:
        return {"problems": problems}
    for bank in banks:
        registry.register_bank(bank)
    frozen = [merchant_id for merchant in merchants for merchant_id in registry.register_merchant(merchant)]
    return {"registered": {"merchants": len(merchants), "banks": len(banks), "frozen_ids": len(frozen)}}


def _told(file: str, error: RegistrationInvalid) -> list[dict[str, Any]]:
    return [{"file": file, "line": item.line, "field": item.field, "message": item.message} for item in error.problems]
