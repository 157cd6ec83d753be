// One payment's receipt, drawn as the paper it replaces.
import { make, money, when } from "./dom.js";

const TENDERS = { card: "Card", cash: "Cash", gift_card: "Gift card", voucher: "Voucher", points: "Points" };
const METHODS = {
  rrn: "its retrieval reference", auth_code: "its authorisation code", token: "the card's token",
  card_and_time: "card, amount and time", time: "amount and time",
};
const SCHEMES = { mastercard: "Mastercard", visa: "Visa", amex: "American Express" };

export function drawReceipt(payment) {
  const held = payment.receipt;
  if (!held) {
    return notice("No receipt yet", "If the shop takes part, its receipt appears here by itself.", payment);
  }
  if (held.state === "withdrawn") {
    return notice("Receipt withdrawn", "It was taken back, and nothing of it is kept here.", payment);
  }
  const sheet = make("div", { class: "sheet" }, make("div", { class: "paper" }, paper(held.receipt, held)));
  return make("article", {}, sheet, provenance(held, payment));
}

function notice(title, text, payment) {
  return make("article", { class: "notice" },
    make("h3", {}, title), make("p", {}, text),
    make("p", { class: "quiet" }, `${payment.merchant} · ${money(payment.amount, payment.currency)}`));
}

function paper(receipt, held) {
  return [
    letterhead(receipt),
    receipt.kind === "refund" ? make("p", { class: "stamp" }, "Refund") : null,
    held.state === "corrected" ? make("p", { class: "stamp" }, `Corrected · version ${held.version}`) : null,
    issued(receipt),
    bought(receipt),
    totals(receipt),
    tenders(receipt),
    vat(receipt),
    foot(receipt),
  ];
}

function letterhead({ store, retailer }) {
  const lines = [...String(store.address ?? "").split(/\n|,\s*/), store.postcode, store.phone,
    store.website?.replace(/^https?:\/\//, "")];
  return make("header", {},
    make("h3", {}, store.name ?? retailer.name),
    make("address", {}, lines.filter(Boolean).map((line) => make("span", {}, line))),
    make("p", {}, retailer.name),
    retailer.vat_number ? make("p", {}, `VAT no. ${retailer.vat_number}`) : null);
}

function issued(receipt) {
  const zone = receipt.store.timezone;
  const date = when(receipt.issued_at, zone, { day: "2-digit", month: "short", year: "numeric" });
  const time = when(receipt.issued_at, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const till = receipt.till_id ? `Till ${receipt.till_id}` : "";
  return make("div", { class: "issued" },
    row(date, time), row(till, receipt.receipt_id),
    receipt.original_receipt_id ? row("For receipt", receipt.original_receipt_id) : null);
}

function bought(receipt) {
  const items = receipt.lines.map((line) => make("li", {},
    row(quantified(line), money(line.amount, receipt.currency), "item"),
    eachPrice(line, receipt.currency),
    (line.modifiers ?? []).map((extra) => row(`+ ${extra.description}`, money(extra.amount, receipt.currency), "sub")),
    (line.discounts ?? []).map((off) => less(off, receipt.currency, "sub"))));
  return make("ul", { class: "bought", "aria-label": "What was bought" }, items);
}

function quantified(line) {
  return line.quantity === "1" ? line.description : `${quantity(line)} ${line.description}`;
}

function quantity(line) {
  return !line.unit || line.unit === "each" ? `${line.quantity} ×` : `${line.quantity} ${line.unit}`;
}

function eachPrice(line, currency) {
  if (line.unit_price === undefined || line.quantity === "1") return null;
  const per = !line.unit || line.unit === "each" ? "each" : `per ${line.unit}`;
  return make("p", { class: "sub quiet" }, `${money(line.unit_price, currency)} ${per}`);
}

function totals(receipt) {
  const extras = [["Service charge", receipt.service_charge], ["Tip", receipt.tip], ["Rounding", receipt.rounding]];
  const discounts = receipt.discounts ?? [];
  const present = extras.filter(([, amount]) => amount);
  return make("div", { class: "totals" },
    discounts.length || present.length ? row("Subtotal", money(subtotal(receipt), receipt.currency)) : null,
    discounts.map((off) => less(off, receipt.currency)),
    present.map(([label, amount]) => row(label, money(amount, receipt.currency))),
    row(receipt.kind === "refund" ? "Refunded" : "Total", money(receipt.total, receipt.currency), "total"));
}

function subtotal(receipt) {
  const sum = (entries) => (entries ?? []).reduce((total, entry) => total + entry.amount, 0);
  return receipt.lines.reduce((total, line) => total + line.amount + sum(line.modifiers) - sum(line.discounts), 0);
}

function tenders(receipt) {
  return make("div", { class: "tenders" }, receipt.tenders.map((tender) => [
    row(tenderName(tender), money(tender.amount, receipt.currency)),
    tender.auth_code ? make("p", { class: "sub quiet" }, `Auth ${tender.auth_code}${entry(tender)}`) : null,
  ]));
}

function tenderName(tender) {
  const name = SCHEMES[tender.scheme] ?? TENDERS[tender.type] ?? tender.type;
  return tender.last4 ? `${name} •••• ${tender.last4}` : name;
}

function entry(tender) {
  return tender.entry_mode ? ` · ${tender.entry_mode.replace("_", " ")}` : "";
}

function vat(receipt) {
  if (!receipt.vat?.length) return null;
  const cash = (amount) => money(amount, receipt.currency);
  return make("table", { class: "vat" },
    make("caption", { class: "unseen" }, "VAT"),
    make("thead", {}, make("tr", {}, ["Rate", "Net", "VAT", "Gross"].map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, receipt.vat.map(({ rate, net, amount }) => make("tr", {},
      [`${rate}%`, cash(net), cash(amount), cash(net + amount)].map((cell) => make("td", {}, cell))))));
}

function foot(receipt) {
  if (!receipt.barcode) return make("footer", {}, make("p", {}, "Thank you"));
  const { symbology, value } = receipt.barcode;
  const code = make("img", {
    src: `app/barcode/${encodeURIComponent(symbology)}?value=${encodeURIComponent(value)}`,
    alt: `Barcode ${value}`, class: symbology === "qr" ? "square" : "linear",
  });
  code.addEventListener("error", () => code.remove());
  return make("footer", {}, make("p", {}, "Thank you"), code, make("p", {}, value));
}

// What the bank knows of how the receipt got here.
function provenance(held, payment) {
  const certain = `${(held.match.confidence * 100).toFixed(2)}% certain`;
  return make("details", { class: "provenance" },
    make("summary", {}, "How this receipt was found"),
    make("p", {}, `Matched to your payment of ${money(payment.amount, payment.currency)} at ${payment.merchant} by ` +
      `${METHODS[held.match.method] ?? held.match.method}, ${certain}.`),
    make("ul", {}, held.match.reasons.map((reason) => make("li", {}, reason))));
}

function less(discount, currency, kind = "") {
  return row(discount.description, `−${money(discount.amount, currency)}`, `less ${kind}`);
}

function row(label, value, kind = "") {
  return make("p", { class: `row ${kind}`.trim() }, make("span", {}, label), make("span", {}, value));
}
