// The feed, the receipt beside or over it, the consent switch, and what keeps them live.
import { make, money, when } from "./dom.js";
import { drawReceipt } from "./receipt.js";

const byId = (id) => document.getElementById(id);
const ZONE = "Europe/London";

let who = null; // {bank, customer_id, name}
let payments = [];
let states = new Map(); // transaction_id: what is known of its receipt, to tell what is new
let stream = null;
let asked = 0; // how often the feed was asked for

const address = (what) => `app/${encodeURIComponent(who.bank)}/${encodeURIComponent(who.customer_id)}/${what}`;

async function fetchJson(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? "Something went wrong. Try again.");
  return body;
}

// Who

async function start() {
  const { customers } = await fetchJson("app/customers");
  const query = new URLSearchParams(location.search);
  byId("who").replaceChildren(...customers.map((one, i) => make("option", { value: i }, `${one.customer_id} · ${one.name}`)));
  const wanted = customers.findIndex((one) => one.bank === query.get("bank") && one.customer_id === query.get("customer"));
  byId("who").onchange = (event) => show(customers[event.target.value]);
  if (!customers.length) {
    byId("nothing").hidden = false;
    setTimeout(start, 2000);
    return;
  }
  byId("who").value = Math.max(wanted, 0);
  show(customers[Math.max(wanted, 0)], wanted >= 0 || !query.size);
}

function show(customer, keepReceipt = false) {
  who = customer;
  states = new Map();
  document.body.dataset.bank = who.bank;
  const query = new URLSearchParams({ bank: who.bank, customer: who.customer_id });
  history.replaceState(null, "", `?${query}${keepReceipt ? location.hash : ""}`);
  byId("bank").textContent = who.name;
  byId("own-page").hidden = !who.own_page;
  if (who.own_page) byId("own-page").href = who.own_page;
  document.title = `Payments · ${who.name}`;
  stream?.close();
  stream = new EventSource(address("changes"));
  stream.onopen = () => { refresh(); readConsent(); }; // also after a break: what was missed is read again
  stream.addEventListener("payments", refresh);
  stream.addEventListener("consent", readConsent);
}

// The feed

async function refresh() {
  const turn = ++asked;
  const feed = await fetchJson(address("payments"));
  if (turn !== asked) return; // a later answer is on its way, perhaps another customer's
  payments = feed.payments;
  const news = payments.filter((payment) => states.size && states.get(payment.transaction_id) !== stateOf(payment));
  states = new Map(payments.map((payment) => [payment.transaction_id, stateOf(payment)]));
  drawFeed(new Set(news.map((payment) => payment.transaction_id)));
  drawDetail();
  if (news.length) tell(news.map(headline).join(". "));
}

const stateOf = ({ status, receipt }) => `${status} ${receipt ? `${receipt.state} ${receipt.version}` : ""}`;

function headline(payment) {
  const state = payment.receipt?.state;
  const what = { matched: "Receipt from", corrected: "Corrected receipt from", withdrawn: "Receipt withdrawn by" }[state];
  return `${what ?? "New payment at"} ${shopOf(payment)}`;
}

function drawFeed(fresh) {
  const days = Map.groupBy(payments, (payment) => dayOf(payment.at));
  byId("days").replaceChildren(...[...days].map(([day, list]) => make("section", { class: "day" },
    make("h2", {}, day),
    make("ul", {}, list.map((payment) => make("li", {}, entry(payment, fresh.has(payment.transaction_id))))))));
  byId("nothing").hidden = payments.length > 0;
  const itemised = payments.filter(({ receipt }) => receipt && receipt.state !== "withdrawn").length;
  byId("summary").textContent = payments.length ? `${itemised} of ${payments.length} with a receipt` : "";
}

function entry(payment, fresh) {
  const credit = payment.direction === "credit";
  const shop = shopOf(payment);
  const amount = (credit ? "+" : "") + money(payment.amount, payment.currency);
  const link = make("a", {
    href: `#${payment.transaction_id}`, class: fresh ? "payment fresh" : "payment",
    "data-transaction": payment.transaction_id,
  },
  make("span", { class: "mark", "aria-hidden": "true" }, shop.slice(0, 1)),
  make("span", { class: "what" }, make("strong", {}, shop), make("span", { class: "items" }, itemsOf(payment))),
  make("span", { class: "sum" }, make("strong", { class: credit ? "credit" : "" }, amount), badge(payment)));
  link.querySelector(".mark").style.setProperty("--hue", hueOf(shop));
  return link;
}

function itemsOf(payment) {
  const time = when(payment.at, ZONE, { hour: "2-digit", minute: "2-digit" });
  const names = payment.receipt?.receipt?.lines.map((line) => line.description) ?? [];
  const kind = payment.direction === "credit" ? "Refund" : payment.status === "authorised" && !names.length && "Pending";
  return [time, kind, names.join(", ")].filter(Boolean).join(" · ");
}

function badge({ receipt }) {
  const names = { matched: "Receipt", corrected: "Corrected", withdrawn: "Withdrawn" };
  return receipt ? make("span", { class: `badge ${receipt.state}` }, names[receipt.state]) : null;
}

function shopOf(payment) {
  const known = payment.receipt?.receipt?.store?.name;
  return known ?? payment.merchant.toLowerCase().replace(/(^|[\s&/-])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());
}

function hueOf(text) {
  return [...text].reduce((hue, letter) => (hue * 31 + letter.codePointAt(0)) % 360, 7);
}

function dayOf(time) {
  const named = { weekday: "short", day: "numeric", month: "short" };
  const day = when(time, ZONE, named);
  if (day === when(Date.now(), ZONE, named)) return "Today";
  return day === when(Date.now() - 86_400_000, ZONE, named) ? "Yesterday" : day;
}

// The receipt

function drawDetail() {
  const chosen = decodeURIComponent(location.hash.slice(1));
  const payment = payments.find(({ transaction_id }) => transaction_id === chosen);
  document.body.classList.toggle("reading", Boolean(payment));
  for (const link of document.querySelectorAll(".payment")) {
    if (link.dataset.transaction === chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  byId("receipt").replaceChildren(payment ? drawReceipt(payment)
    : make("p", { class: "hint" }, "Choose a payment to see its receipt."));
  return payment;
}

window.addEventListener("hashchange", (event) => {
  if (drawDetail()) {
    byId("detail").focus({ preventScroll: true });
    scrollTo(0, 0);
  } else {
    const left = decodeURIComponent(new URL(event.oldURL).hash.slice(1));
    [...document.querySelectorAll(".payment")].find((link) => link.dataset.transaction === left)?.focus();
  }
});

// Consent

const granted = () => byId("consent").getAttribute("aria-checked") === "true";

async function readConsent() {
  try {
    drawConsent(await fetchJson(address("consent")));
  } catch (error) {
    byId("switch-state").textContent = error.message;
  }
}

function drawConsent({ granted: on, effective_at: from }) {
  byId("consent").setAttribute("aria-checked", String(on));
  byId("consent").disabled = false;
  const seconds = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  byId("switch-state").textContent = on ? "On. Shops that take part send what you bought."
    : from && new Date(from) > Date.now() ? `Off. The last may arrive until ${when(from, ZONE, seconds)}.`
      : "Off. No shop's receipt is sent here.";
}

byId("consent").addEventListener("click", async () => {
  const wish = !granted();
  byId("consent").disabled = true;
  try {
    const body = JSON.stringify({ granted: wish });
    drawConsent(await fetchJson(address("consent"), { method: "PUT", headers: { "content-type": "application/json" }, body }));
    tell(wish ? "Receipts are on" : "Receipts are off");
  } catch (error) {
    tell(error.message);
  } finally {
    byId("consent").disabled = false;
  }
});

// Shopping

byId("shop").addEventListener("click", async () => {
  byId("shop").disabled = true;
  try {
    const answer = await fetch(address("purchases"), { method: "POST" });
    if (!answer.ok) tell((await answer.json()).detail);
  } finally {
    byId("shop").disabled = false;
  }
});

let hush = 0;
function tell(text) {
  byId("news").textContent = text;
  clearTimeout(hush);
  hush = setTimeout(() => { byId("news").textContent = ""; }, 5000);
}

start();
