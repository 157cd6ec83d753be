"""How all pages look: one column for a phone held in one hand, light or dark as the phone is set."""

import base64
import hashlib

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f1f2f6; --card: #fff; --ink: #14171f; --quiet: #4b5364; --hair: #dcdfe7; --field: #7a8294;
  --go: #2339a0; --go-ink: #fff; --on: #0b6340; --on-ground: #dcf2e6; --off-ground: #e9ebf0; --stop: #a3201c;
  --note: #fff3d6; --note-ink: #4f3600; --paper: #fffdf8; --paper-ink: #1c1a16;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1218; --card: #1a1e27; --ink: #eef0f5; --quiet: #a9b1c1; --hair: #303644; --field: #838c9f;
    --go: #a5b6ff; --go-ink: #10162e; --on: #86dfb4; --on-ground: #12372a; --off-ground: #2a303c; --stop: #ff9d96;
    --note: #3b2d0e; --note-ink: #f7dfae; --paper: #f3efe6;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 36rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding-top: 1rem; }
.mark { margin: 0; font-weight: 700; letter-spacing: -.01em; }
.mark span { color: var(--quiet); font-weight: 400; }
header form { margin: 0 0 0 auto; }
nav { width: 100%; margin-top: .5rem; border-bottom: 1px solid var(--hair); }
nav ul { display: flex; gap: 1.25rem; margin: 0; padding: 0; list-style: none; }
nav li { margin: 0; }
nav a { display: block; padding: .7rem 0; color: var(--quiet); font-weight: 600; text-decoration: none; }
nav a[aria-current] { color: var(--ink); box-shadow: inset 0 -3px var(--go); }
main { padding-top: 1.25rem; }
footer { padding: 1.5rem 1rem 3rem; color: var(--quiet); font-size: .9rem; }
h1 { margin: 0 0 .75rem; font-size: 1.6rem; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 1.5rem 0 .25rem; font-size: 1.15rem; line-height: 1.3; letter-spacing: -.01em; }
.card > h2:first-of-type, .head h2 { margin-top: 0; }
p, ul, ol { margin: .5rem 0; }
ul, ol { padding-left: 1.3rem; }
li { margin: .35rem 0; }
a { color: var(--go); text-underline-offset: .15em; }
.card { margin: 0 0 1rem; padding: 1.25rem; border-radius: 1rem; background: var(--card); }
.card > :last-child { margin-bottom: 0; }
.head { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
.small { color: var(--quiet); font-size: .93rem; }
.badge {
  flex: none; padding: .1rem .7rem; border-radius: 1rem; background: var(--off-ground); font-size: .88rem;
  font-weight: 650;
}
.badge.on { background: var(--on-ground); color: var(--on); }
.note { padding: .75rem 1rem; border-radius: .75rem; background: var(--note); color: var(--note-ink); }
form { margin: 1rem 0 .25rem; }
button, .button {
  display: block; width: 100%; min-height: 3rem; padding: .7rem 1rem; cursor: pointer;
  border: 2px solid var(--go); border-radius: .75rem; background: var(--go); color: var(--go-ink);
  font: inherit; font-weight: 650; text-align: center; text-decoration: none;
}
button.quiet, .button.quiet { background: transparent; color: var(--go); }
button.stop { border-color: var(--stop); background: transparent; color: var(--stop); }
button.link {
  width: auto; min-height: 2.75rem; padding: .25rem 0; border: 0; background: none; color: var(--go);
  text-decoration: underline; text-underline-offset: .15em;
}
.row { display: flex; flex-wrap: wrap; gap: .75rem; }
.row > * { flex: 1 1 5rem; min-width: 0; }
label { display: block; margin: .9rem 0 .25rem; font-weight: 600; }
input:not([type=hidden]), select, textarea {
  display: block; width: 100%; min-width: 0; min-height: 3rem; padding: .6rem .75rem; border: 1px solid var(--field);
  border-radius: .6rem; background: var(--card); color: inherit; font: inherit;
}
textarea { min-height: 6rem; }
input[type=date] { padding: .6rem .4rem; font-size: .93rem; }
form .row { margin-top: 1rem; }
form.card { margin-top: 0; }
form .small { margin-top: 1.5rem; }
.row label { margin-top: 0; }
details summary { min-height: 2.75rem; padding: .5rem 0; color: var(--go); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--go); outline-offset: 3px; border-radius: .3rem; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--card); }
.list { margin: 0 0 1rem; padding: 0; border-radius: 1rem; background: var(--card); list-style: none; }
.list li { margin: 0; }
.list li + li { border-top: 1px solid var(--hair); }
.list a { display: flex; gap: 1rem; padding: .85rem 1.25rem; color: inherit; text-decoration: none; }
.list .what { flex: 1; min-width: 0; }
.list strong, .list .what span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.list strong { font-weight: 600; }
.list .what span { color: var(--quiet); font-size: .9rem; }
.sum { flex: none; font-weight: 600; font-variant-numeric: tabular-nums; }
.credit { color: var(--on); }
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
th, td { padding: .4rem .5rem .4rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
tr { border-bottom: 1px solid var(--hair); }
.paper {
  margin: 0 auto 1.25rem; padding: 1.75rem 1.25rem; max-width: 24rem; background: var(--paper); color: var(--paper-ink);
  box-shadow: 0 1px 3px #0003, 0 8px 24px #00000014; border-radius: 2px;
  font: .9rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
.paper .shop { text-align: center; }
.paper h1 { margin: 0 0 .25rem; font: inherit; font-size: 1.1rem; font-weight: 700; letter-spacing: 0; }
.paper p { margin: 0; overflow-wrap: anywhere; }
.paper dl { margin: 0; padding: .6rem 0; border-top: 1px dashed #8d8677; }
.paper dl div { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
.paper dt { min-width: 0; overflow-wrap: anywhere; }
.paper .more dt { padding-left: 1rem; }
.paper dd { flex: none; margin: 0; font-variant-numeric: tabular-nums; }
.paper .total { font-size: 1.1rem; font-weight: 700; }
.paper .shop + .shop { padding: .6rem 0; border-top: 1px dashed #8d8677; }
.bars { padding-top: .9rem; border-top: 1px dashed #8d8677; text-align: center; }
.bars svg { display: block; width: 100%; max-width: 17rem; height: 3.5rem; margin: 0 auto .4rem; }
@media (forced-colors: active) { .badge, .card, .list, .paper { border: 1px solid; } }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
