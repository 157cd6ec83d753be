"""`python -m counterfoil.openapi EVENTS MERCHANTS`: the document on standard output, with examples from these files."""

import json
import sys
from pathlib import Path

from counterfoil.domain import registration
from counterfoil.openapi.document import as_json, document
from counterfoil.openapi.examples import deliveries

folder, merchants_file = map(Path, sys.argv[1:])
events = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))}
payment = events["bank_webhook.authorised"]["request"]["body"]
sale = events["retailer_receipt.sale"]["request"]["body"]
merchant = registration.parse_merchants(merchants_file.read_text("utf-8"))[0]
sys.stdout.write(as_json(document(events, deliveries(payment, sale, merchant))))
