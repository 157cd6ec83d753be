"""The data map: one row for every type of record that is kept, and what becomes of it.

`RECORDS` is the only place that says how long something is kept and why. A record stores its anchor, not the day on
which it is due, so that a changed row applies to everything that is there already. The sweep, erasure, the export, the
retention table of the privacy notice and the tests all read it. The columns are explained in `record`.
"""

from datetime import timedelta
from typing import Final

from counterfoil.domain.record import Indefinitely, Keep, Record, Until, With

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
THREE_YEARS: Final = timedelta(days=1096)
SIX_YEARS: Final = timedelta(days=2192)
SEVEN_YEARS: Final = timedelta(days=2557)

_CONSENT = "your consent (Art. 6(1)(a)), which you may withdraw at any time"
_PROOF = "legal obligation to demonstrate consent (Art. 7(1)); claims are made within six years"
_ACCOUNTABLE = "legal obligation to demonstrate compliance (Art. 5(2)), legal claims (Art. 17(3)(e))"
_ANSWER = "legal obligation to answer requests (Art. 6(1)(c), 12)"
_CLAIMS = "legal claims and legal obligations (Art. 17(3)(b) and (e))"
_MATCHING = "legitimate interest: matching anonymous receipts (Art. 6(1)(f))"
_OPERATION = "legitimate interest: running the service safely (Art. 6(1)(f))"
_CONTRACT = "contract with the partner (Art. 6(1)(b))"
_ACCOUNTS = "legal obligation (Art. 6(1)(c))"
_NOT_PERSONAL = "no personal data"

_ANONYMOUS = Keep("anonymous: it is no customer's")
_PARTNERS_OWN = Keep("a partner's own")

_PAYMENT = "Your card payments at shops that take part"
_UNMATCHED = "Your card payments for which no receipt was found"
_RECEIPT = "Your receipts"
_CHOICES = "What you allowed and when, as proof"
_CARDS = "Which cards are yours: their last four digits, and the names that your bank and wallets have for them"
_DONE = "What was done with your data and when, as proof"
_ASKED = "What you asked under data protection law, and how it was answered"
_ERASED = "That you were erased, by an opaque name, so that no backup brings you back"
_DISCLOSED = "What an authority was told of you, on which ground and reference"
_ARCHIVE = "The archive of your data that you asked for"
_SHOPS = "Registered banks, retailers and shops"
_FILES = "Files of receipts: how they were worked off"
_LEARNED = "How well clocks and codes of tills and banks agree, without any payment"
_ROUNDS = "How far the system's own rounds came"
_MESSAGES = "Work under way, encrypted and by opaque names"
_LOGS = "Logs, without anything of a person"

_END_OF_CONTRACT = Until("the contract ends")

# fmt: off
RECORDS: tuple[Record, ...] = (
    # Payments and receipts. The sweep finds a pair through its payment.
    Record("undecided transaction", "ledger", "T#/T", "customer", said=_UNMATCHED,
           due="transaction", kept=WEEK, anchor="seen", basis=_CONSENT, exported="payments", held=True),
    Record("matched transaction", "ledger", "T#/T", "customer", said=_PAYMENT,
           due="match", kept=SIX_YEARS, anchor="seen", basis=_CONSENT, exported="payments", held=True),
    Record("undecided card tender", "ledger", "R#/T#", "nobody", said="Receipts that nobody's payment fits",
           due="tender", kept=WEEK, anchor="seen", basis=_MATCHING, erasure=_ANONYMOUS),
    Record("matched card tender", "ledger", "R#/T#", "customer", said=_RECEIPT,
           kept=With("matched transaction"), basis=_CONSENT, held=True),
    Record("receipt body", "ledger", "D#/D", "customer", said=_RECEIPT,
           kept=With("matched transaction"), basis=_CONSENT, exported="receipts", held=True),
    Record("overtaken receipt body", "ledger", "D#/D", "nobody", said="Receipts that were corrected before they came",
           due="body", kept=MONTH, anchor="overtaken", basis=_MATCHING, erasure=_ANONYMOUS),
    Record("large receipt body", "payloads", "bodies/", "customer", said=_RECEIPT,
           kept=With("matched transaction"), basis=_CONSENT, exported="receipts", held=True),
    Record("undecided side", "rendezvous", "", "customer", said=_UNMATCHED,
           kept=WEEK, anchor="seen", basis=_CONSENT),

    # Customers.
    Record("customer's choices", "ledger", "C#/C", "customer", said=_CHOICES,
           due="choices", kept=SIX_YEARS, anchor="changed", basis=_PROOF, exported="consents", held=True),
    Record("history of choices", "ledger", "C#/H#", "customer", said=_CHOICES,
           kept=With("customer's choices"), basis=_PROOF, exported="consents", held=True),
    Record("customer's salt", "salts", "C#", "customer", said="The key under which all that is yours is sealed",
           kept=With("customer's choices"), basis=_CONSENT),
    Record("cards", "ledger", "C#/K", "customer", said=_CARDS,
           kept=With("customer's choices"), basis=_CONSENT, exported="cards"),
    Record("card's holder", "salts", "N#", "customer", said=_CARDS,
           kept=With("customer's choices"), basis=_CONSENT),
    Record("claim of a missing receipt", "ledger", "C#/M#", "customer", said="Which receipts you missed",
           due="claim", kept=90 * DAY, anchor="at", basis=_CONSENT, exported="claims", held=True),
    Record("linked account", "ledger", "C#/L", "customer", said="The link to your account at your bank",
           kept=Until("you unlink it"), basis=_CONSENT, exported="linked account"),
    Record("path secret", "ledger", "P#/P", "customer", said="The link to your account at your bank",
           kept=Until("you unlink it"), basis=_CONSENT),

    # What was done, as proof. It names nobody but by opaque names.
    Record("audit entry", "ledger", "A#/E#", "customer", said=_DONE,
           due="audit", kept=SIX_YEARS, anchor="at", basis=_ACCOUNTABLE, erasure=Keep(_ACCOUNTABLE),
           exported="audit trail", held=True),
    Record("end of an audit chain", "ledger", "A#/A", "customer", said=_DONE,
           kept=SIX_YEARS, anchor="at", basis=_ACCOUNTABLE, due="chain", erasure=Keep(_ACCOUNTABLE), held=True),
    Record("disclosure", "ledger", "C#/X#", "customer", said=_DISCLOSED, due="disclosure", kept=SIX_YEARS, anchor="at",
           basis=_ACCOUNTABLE, erasure=Keep(_ACCOUNTABLE), exported="disclosures", held=True),
    Record("disclosure not to be told", "ledger", "C#/Y#", "customer", said=_DISCLOSED, due="quiet disclosure",
           kept=SIX_YEARS, anchor="at", basis=_ACCOUNTABLE, erasure=Keep(_ACCOUNTABLE), held=True),
    # Longer than what it vouches for. It cannot be deleted before its time, and so holds nothing of anybody.
    Record("checkpoint", "checkpoints", "checkpoints/", "nobody", said="Hashes that show whether proof was changed",
           kept=SEVEN_YEARS, anchor="at", basis=_NOT_PERSONAL, erasure=Keep("it holds nothing of a person")),

    # What people ask under data protection law. Their words are sealed, and go with the salt.
    Record("privacy request", "ledger", "Q#/Q", "customer", said=_ASKED,
           due="request", kept=THREE_YEARS, anchor="closed", basis=_ACCOUNTABLE, erasure=Keep(_ACCOUNTABLE),
           exported="requests", held=True),
    Record("salt of a stranger's words", "salts", "Q#", "customer", said="The key to a request of whom we do not know",
           kept=Until("we know who you are, or the request is closed"), basis=_ANSWER),
    Record("erasure", "ledger", "E#/E", "customer", said=_DONE,
           due="erasure", kept=SIX_YEARS, anchor="since", basis=_ACCOUNTABLE, erasure=Keep(_ACCOUNTABLE)),
    Record("entry of the erasure ledger", "payloads", "erasures/", "customer", said=_ERASED,
           kept=90 * DAY, anchor="written", basis=_ACCOUNTABLE, erasure=Keep("so that no backup brings you back")),

    # Retention itself.
    Record("hold", "ledger", "O#/O", "customer", said="Why your data must be kept for longer",
           kept=Until("it is released, or the request that it is for is closed"), basis=f"{_CLAIMS}; {_ANSWER}",
           erasure=Keep(_CLAIMS)),
    Record("run of the sweep", "ledger", "S#/R", "nobody", said=_ROUNDS,
           kept=Until("the next run"), basis=_NOT_PERSONAL, erasure=_ANONYMOUS),
    Record("swept class", "ledger", "S#/C#", "nobody", said=_ROUNDS,
           kept=Until("the next run"), basis=_NOT_PERSONAL, erasure=_ANONYMOUS),
    Record("place left by the sweep", "ledger", "S#/L#", "nobody", said=_ROUNDS,
           kept=Until("the next run"), basis=_NOT_PERSONAL, erasure=_ANONYMOUS),
    Record("retention certificate", "ledger", "S#certificates/", "nobody", said="How many records were deleted",
           due="certificate", kept=SIX_YEARS, anchor="as_of", basis=_ACCOUNTABLE, erasure=_ANONYMOUS),

    Record("archive for its customer", "files", "exports/", "customer", said=_ARCHIVE,
           kept=DAY, anchor="written", basis=_ANSWER),

    # Partners.
    Record("retailer", "ledger", "M#/M", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("store", "ledger", "M#/S#", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("listed retailer", "ledger", "L#", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("merchant id", "ledger", "I#/I", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("bank's health", "ledger", "B#/H", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("bank", "ledger", "B#/B", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("partner's secret", "secret", "counterfoil/", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("partner's sign-in", "user pool", "Partners", "partner", said=_SHOPS,
           kept=_END_OF_CONTRACT, basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("receipt file", "ledger", "F#/F", "partner", said=_FILES,
           due="receipt file", kept=MONTH, anchor="created", basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("uploaded receipts", "files", "uploads/", "nobody", said="Files of anonymous receipts, not worked off yet",
           kept=3 * DAY, anchor="uploaded", basis=_MATCHING, erasure=_ANONYMOUS),
    Record("error report", "files", "reports/", "partner", said=_FILES,
           kept=MONTH, anchor="written", basis=_CONTRACT, erasure=_PARTNERS_OWN),
    Record("partner's rate", "rendezvous", "rate#", "partner", said="Calls and mailed links, counted",
           kept=timedelta(hours=3), anchor="ttl", basis=_CONTRACT, erasure=_PARTNERS_OWN),

    # What is learned, and where rounds stopped.
    Record("till's clock", "ledger", "K#/K", "nobody", said=_LEARNED,
           kept=timedelta(days=400), basis=_MATCHING, erasure=_ANONYMOUS),
    Record("shop's habits", "ledger", "K#/H", "nobody", said=_LEARNED,
           kept=timedelta(days=400), basis=_MATCHING, erasure=_ANONYMOUS),
    Record("bank's habits", "ledger", "K#/B", "partner", said=_LEARNED,
           kept=timedelta(days=400), basis=_CONTRACT, erasure=_ANONYMOUS),
    Record("place of a round", "ledger", "W#/W", "nobody", said=_ROUNDS,
           kept=Until("the next run"), basis=_NOT_PERSONAL, erasure=_ANONYMOUS),

    # Messages, logs and measurements: opaque names at most.
    *(Record(f"{place}: {key}", place, key, "customer", said=_MESSAGES,
             kept=14 * DAY, anchor="sent", basis=_CONSENT, erasure="unreadable")
      for key in ("Match", "Files", "Links", "Rights", "Delivery-")
      for place in ("queue", "dead letters")),
    Record("log of a function", "logs", "Logs", "nobody", said=_LOGS,
           kept=MONTH, anchor="written", basis=_OPERATION, erasure=_ANONYMOUS),
    Record("log of calls", "logs", "AccessLogs", "nobody", said=_LOGS,
           kept=90 * DAY, anchor="written", basis=_OPERATION, erasure=_ANONYMOUS),
    Record("log of access to stored objects", "bucket", "PayloadsAccessLogs", "nobody", said=_LOGS,
           kept=90 * DAY, anchor="written", basis=_OPERATION, erasure=_ANONYMOUS),
    Record("trace", "traces", "X-Ray", "nobody", said=_LOGS,
           kept=MONTH, anchor="written", basis=_OPERATION, erasure=_ANONYMOUS),
    Record("count of what happened", "metrics", "Counterfoil", "nobody", said="Counts of what happened",
           kept=timedelta(days=455), anchor="written", basis=_NOT_PERSONAL, erasure=_ANONYMOUS),

    # Copies.
    Record("backup of the ledger", "backup", "Ledger", "customer", said="Backups",
           kept=35 * DAY, anchor="written", basis=_OPERATION, erasure="unreadable"),
    Record("backup of the salts", "backup", "Salts", "customer", said="Backups of keys",
           kept=DAY, anchor="written", basis=_OPERATION),
    Record("deleted version of a large receipt", "backup", "Payloads", "customer", said="Backups",
           kept=MONTH, anchor="deleted", basis=_OPERATION, erasure="unreadable"),

    # The indefinite classes of the privacy notice. None of them is in this system.
    Record("communication", "nowhere", "communications", "partner", said="Letters and e-mail with us",
           kept=Indefinitely("what was agreed must be provable"), basis=_OPERATION, erasure=_PARTNERS_OWN),
    Record("calendar entry", "nowhere", "calendars", "partner", said="Meetings with us",
           kept=Indefinitely("what was agreed must be provable"), basis=_OPERATION, erasure=_PARTNERS_OWN),
    Record("internal note", "nowhere", "notes", "staff", said="Our internal notes",
           kept=Indefinitely("decisions must stay explicable"), basis=_OPERATION, erasure=_PARTNERS_OWN),
    Record("invoice", "nowhere", "invoices", "partner", said="Invoices",
           kept=Indefinitely("accounts must stay complete"), basis=_ACCOUNTS, erasure=_PARTNERS_OWN),
)
# fmt: on
