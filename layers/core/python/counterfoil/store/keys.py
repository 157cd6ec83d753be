"""Every key of every table, and every way in which they are read.

ledger
    T#<transaction> / T             a transaction, by its opaque name: the idempotency of facts        get, write
    R#<receipt> / T#<ordinal>       a card tender: the idempotency of receipts                         get, query, write
    D#<body> / D                    one version of a receipt's body, sealed; written once, by what it
                                    has in common with its reprints                                 get, write
    C#<customer> / C                what a bank's customer consents to, now                            get, write
    C#<customer> / H#<purpose>#<v>  one change of it, never changed                                    query, write
    C#<customer> / X#<id>           a disclosure to an authority; Y# where they must not be told       get, query, write
    C#<customer> / L                the link to a customer's account at their bank             get, write, delete
    C#<customer> / K                the cards in their name                                    get, write, delete
    C#<customer> / M#<transaction>  a claim that a payment's receipt is missing                        get, write
    P#<hash> / P                    whose calls come at a path secret, by its hash             get, write, delete
    M#<retailer> / M                a retailer's registration                                          get, write
    M#<retailer> / S#<store>        a store's registration, the current one                     get, query, write
    M#<retailer> / S#<store>#<hash> the same as it was when a receipt was taken                        get, write
    L#merchants / <retailer>        the public list                                                    query, write
    I#<namespace>#<id> / I          who claims a merchant id: the way from a transaction to its scope  get, write
    B#<bank> / B                    a bank's registration                                              get, write
    B#<bank> / H                    how a bank takes what it is sent                                   get, write
    K#<till> / K                    what has been learned of a till's clock                            get, write
    K#<scope> / H                   what has been learned of a shop's habits                           get, write
    K#<bank> / B                    what has been learned of a bank's                                  get, write
    F#<file> / F                    a file of receipts, and how far it was worked off                  get, write
    Q#<request> / Q                 a request under data protection law, and how far it came           get, write
    W#<round> / W                   how far the round of the open transactions came                    get, write
    E#<customer> / E                the erasure of a customer, and how far it came                     get, write
    A#<stream> / A                  the end of an audit chain: of a customer, or of ops                get, write
    A#<chain> / E#<number>          one entry of it, never changed                                     query, write
    O#<subject, or a class> / O     what holds a customer's records, or a class of them        get, write, delete
    S#sweep / R                     the sweep's run, and where it stopped                              get, write
    S#sweep / C#<class>             through which day a class was swept                                get, write
    S#sweep / L#<class>#<day>#<shard>   where something was held or failed               query, write, delete
    S#certificates / <run>          what a run did                                                     query, write
    index by_subject                all that belongs to a customer, by its time `at` (rights, a customer's receipts)
    index by_due                    all of a type and anchor day, by shard (sweep); the open transactions of an hour;
                                    the requests under data protection law whose clocks ask for something on a day

rendezvous
    <scope>#<kind>#<amount>#<currency> / <time>#<side>#<name>
                                    an undecided side. One range query reads both sides of a time span: the
                                    candidates, and those that compete for them               query, write, delete
    in a scope registered by_code the auth code stands beside the amount
    rate#<partner> / <per second>#<burst>
                                    what a partner, a store or a till sent lately, as all processes counted it; `#`
                                    is no part of a partner's name, so that no scope starts so        add, write

salts
    C#<customer>                    the customer's salt                                                get, write
    Q#<request>                     the salt of a stranger's words, until they are a customer's   get, write, delete
    N#<card>                        in whose name a card is                                    get, write, delete

How a new record gets swept: write `"due": due(<class>, <anchor>, <its name>)` with it, in a class that no other row
of `domain/records.py` has, and give it a row there with `due=<class>`. The sweep deletes it (or redacts it, as the row
says) once the row's period is over. Of a customer's records write `subject` too: else their holds stop nothing. What
goes together with others is said in `flows/sweeping_together.py`.

Partners' ids stand in keys only as keyed hashes (`sealing`), except those of shops, which are no one's
personal data. No key has a bank, a date or a status as its partition, except `by_due`, which is sharded, and what is
written rarely: registrations, a bank's health, and rates (four times a second by a partner at its default limit, for a
till every 75 receipts).
"""

from datetime import date, datetime
from zlib import crc32

from counterfoil.domain.times import to_millis

SHARDS = 64

Key = dict[str, str]


def transaction(key: str) -> Key:
    return {"pk": f"T#{key}", "sk": "T"}


def tender(receipt_key: str, ordinal: int) -> Key:
    return {"pk": f"R#{receipt_key}", "sk": f"T#{ordinal:02d}"}


def tender_named(tender_key: str) -> Key:
    """The key of a tender by its whole name, `<receipt>.<ordinal>`."""
    receipt_key, _, ordinal = tender_key.rpartition(".")
    return tender(receipt_key, int(ordinal))


def tenders(receipt_key: str) -> tuple[str, tuple[str, str]]:
    """The partition of a receipt, and the range of its card tenders."""
    return f"R#{receipt_key}", ("T#00", "T#99")


def body(body_key: str) -> Key:
    return {"pk": f"D#{body_key}", "sk": "D"}


def customer(subject: str) -> Key:
    return {"pk": f"C#{subject}", "sk": "C"}


def consent_entry(subject: str, purpose: str, version: int) -> Key:
    return {"pk": f"C#{subject}", "sk": f"H#{purpose}#{version:06d}"}


def consent_history(subject: str) -> tuple[str, tuple[str, str]]:
    return f"C#{subject}", ("H#", "H#~")


def link(subject: str) -> Key:
    return {"pk": f"C#{subject}", "sk": "L"}


def path_secret(hashed: str) -> Key:
    return {"pk": f"P#{hashed}", "sk": "P"}


def salt(subject: str) -> Key:
    return {"pk": f"C#{subject}"}


def cards(subject: str) -> Key:
    return {"pk": f"C#{subject}", "sk": "K"}


def claim_of(subject: str, transaction_key: str) -> Key:
    return {"pk": f"C#{subject}", "sk": f"M#{transaction_key}"}


def card_holder(name: str) -> Key:
    return {"pk": f"N#{name}"}


def retailer(name: str) -> Key:
    return {"pk": f"M#{name}", "sk": "M"}


def store(retailer_name: str, store_id: str, revision: str | None = None) -> Key:
    return {"pk": f"M#{retailer_name}", "sk": f"S#{store_id}" + (f"#{revision}" if revision else "")}


def stores(retailer_name: str) -> tuple[str, tuple[str, str]]:
    """A retailer's partition, and the range of its stores, as they are and as they were."""
    return f"M#{retailer_name}", ("S#", "S#~")


def is_current_store(sort_key: str) -> bool:
    return sort_key.count("#") == 1


def next_after(sort_key: str) -> str:
    """The least sort key beyond this one: no key holds a blank."""
    return f"{sort_key} "


def listed(retailer_name: str) -> Key:
    return {"pk": "L#merchants", "sk": retailer_name}


def merchant_list() -> tuple[str, tuple[str, str]]:
    return "L#merchants", ("!", "~")


def claim(namespace: str, merchant_id: str) -> Key:
    return {"pk": f"I#{namespace}#{merchant_id}", "sk": "I"}


def bank(name: str) -> Key:
    return {"pk": f"B#{name}", "sk": "B"}


def bank_health(name: str) -> Key:
    return {"pk": f"B#{name}", "sk": "H"}


def till_clock(till: str) -> Key:
    return {"pk": f"K#{till}", "sk": "K"}


def shop_habits(scope: str) -> Key:
    return {"pk": f"K#{scope}", "sk": "H"}


def bank_habits(bank: str) -> Key:
    return {"pk": f"K#{bank}", "sk": "B"}


def receipt_file(file_id: str) -> Key:
    return {"pk": f"F#{file_id}", "sk": "F"}


def rate(partner: str, per_second: int, burst: int) -> Key:
    """Of `bank/<name>`, `retailer/<name>`, `store/<retailer>/<store>` or `till/<hash>`; other limits, another count."""
    return {"pk": f"rate#{partner}", "sk": f"{per_second}#{burst}"}


def partition(scope: str, kind: str, amount: int, currency: str, code: str | None) -> str:
    """Where two sides meet. `code`: the auth code's hash, where the scope is registered by code and there is one."""
    return f"{scope}#{kind}#{amount}{f'.{code}' if code else ''}#{currency}"


def waiting(at: datetime, side: str, key: str) -> str:
    """The sort key of an undecided side: its time in ms, `t` or `r`, its opaque name."""
    return f"{to_millis(at):014d}#{side}#{key}"


def time_span(earliest: datetime, latest: datetime) -> tuple[str, str]:
    """The range of sort keys of both sides within a closed span of time."""
    return f"{to_millis(earliest):014d}", f"{to_millis(latest):014d}#~"


def due(record_type: str, anchor: datetime, name: str) -> str:
    """`type # anchor day # shard`: days, not due dates, so that a changed period applies at once."""
    return due_in(record_type, anchor, crc32(name.encode()) % shards_of(record_type))


def due_in(record_type: str, day: date, shard: int) -> str:
    """One shard of a type and anchor day."""
    return f"{record_type}#{day:%Y-%m-%d}#{shard:02d}"


def shards_of(record_type: str) -> int:
    """The sweep reads each shard of a day, full or empty: only what comes by the thousand has many."""
    return SHARDS if record_type in ("match", "transaction", "tender") else min(SHARDS, 4)


def due_open(anchor: datetime, name: str) -> str:
    """Of a transaction without its receipt: by the hour, since it is looked at again when a day is over."""
    return open_in(anchor, crc32(name.encode()) % SHARDS)


def open_in(hour: datetime, shard: int) -> str:
    return f"open#{hour:%Y-%m-%dT%H}#{shard:02d}"


def rights_on(day: date) -> str:
    """The requests whose clocks ask for something on a day. Few a day, so in one place."""
    return f"rights#{day.isoformat()}"


def privacy_request(request_id: str) -> Key:
    return {"pk": f"Q#{request_id}", "sk": "Q"}


def request_salt(request_id: str) -> Key:
    return {"pk": f"Q#{request_id}"}


def round_of(name: str) -> Key:
    return {"pk": f"W#{name}", "sk": "W"}


def erasure(subject: str) -> Key:
    return {"pk": f"E#{subject}", "sk": "E"}


def audit_head(stream: str) -> Key:
    return {"pk": f"A#{stream}", "sk": "A"}


def audit_entry(chain: str, number: int) -> Key:
    return {"pk": f"A#{chain}", "sk": f"E#{number:08d}"}


def audit_number(sort_key: str) -> int:
    return int(sort_key.removeprefix("E#"))


def audit_chain(chain: str) -> tuple[str, tuple[str, str]]:
    """The partition of a chain, and the range of its entries."""
    return f"A#{chain}", ("E#", "E#~")


def audit_chain_of(partition: str) -> str:
    return partition.removeprefix("A#")


def disclosure(subject: str, disclosure_id: str, *, is_told: bool) -> Key:
    """Two ranges, so that the data map has the one exported and the other not."""
    return {"pk": f"C#{subject}", "sk": f"{'X' if is_told else 'Y'}#{disclosure_id}"}


def disclosure_id(sort_key: str) -> str:
    return sort_key[2:]


def disclosures(subject: str) -> tuple[str, tuple[str, str]]:
    """All of a customer, told and not."""
    return f"C#{subject}", ("X#", "Y#~")
