"""The style of the report page, in one place: white paper, one ink, three meanings; wide, narrow and printed."""

from __future__ import annotations

STYLE = """
:root { --ink:#1f2933; --grey:#616e7c; --faint:#dfe3e8; --wash:#f6f8fa; --accent:#2b5c8a; --better:#2f6f5e; --worse:#b4532a; --unsure:#616e7c; color-scheme: light; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 16px; }
body { margin: 0; background: #fff; color: var(--ink); font: 15px/1.65 Inter, "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.page[data-lang=en] { font-family: Inter, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", "Noto Sans", system-ui, "Noto Sans SC", "Microsoft YaHei", sans-serif; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.switch { position: absolute; opacity: 0; pointer-events: none; }
.bar { display: flex; justify-content: space-between; align-items: center; max-width: 1240px; margin: 0 auto; padding: 18px 32px 0; }
.brand { font-weight: 650; letter-spacing: .02em; } .brand small { color: var(--grey); font-weight: 400; margin-left: 8px; font-size: 13px; }
.languages { display: inline-flex; border: 1px solid var(--faint); border-radius: 6px; overflow: hidden; font-size: 13px; }
.languages label { padding: 3px 12px; cursor: pointer; color: var(--grey); }
#lang-zh:checked ~ .bar label[for=lang-zh], #lang-en:checked ~ .bar label[for=lang-en] { background: var(--wash); color: var(--ink); font-weight: 600; }
#lang-zh:focus-visible ~ .bar label[for=lang-zh], #lang-en:focus-visible ~ .bar label[for=lang-en] { outline: 2px solid var(--accent); outline-offset: -2px; }
#lang-zh:checked ~ .page[data-lang=en], #lang-en:checked ~ .page[data-lang=zh] { display: none; }
.page { max-width: 1240px; margin: 0 auto; padding: 0 32px 64px; display: grid; grid-template-columns: 148px minmax(0, 1fr); column-gap: 48px; }
.contents { position: sticky; top: 24px; align-self: start; padding-top: 40px; font-size: 13px; }
.contents ol { list-style: none; margin: 0; padding: 0; } .contents li { margin: 7px 0; } .contents a { color: var(--grey); } .contents a:hover { color: var(--accent); }
main { min-width: 0; }
header.lead { padding: 40px 0 8px; }
.eyebrow { color: var(--grey); font-size: 13px; margin: 0 0 10px; }
h1 { font-size: 29px; line-height: 1.34; font-weight: 650; margin: 0 0 10px; letter-spacing: -.005em; max-width: 30em; text-wrap: balance; }
.deck { color: var(--grey); margin: 0; max-width: 46em; }
.answers { list-style: none; margin: 28px 0 0; padding: 0; border-top: 1px solid var(--faint); }
.answers li { display: grid; grid-template-columns: 92px minmax(0,1fr); gap: 16px; padding: 11px 0; border-bottom: 1px solid var(--faint); }
.answers .about { color: var(--grey); font-size: 13px; padding-top: 1px; }
.answers a { white-space: nowrap; font-size: 13px; }
.better { color: var(--better); } .worse { color: var(--worse); } .unsure, .neither, .missing { color: var(--unsure); }
.cards { position: relative; display: grid; grid-template-columns: repeat(4, minmax(0,1fr)); gap: 0 28px; margin: 30px 0 8px; }
.card { border-top: 2px solid var(--ink); padding: 10px 0 18px; }
.card h3 { font-size: 13px; font-weight: 500; color: var(--grey); margin: 0; }
.card .value { font-size: 26px; line-height: 1.25; font-weight: 650; margin: 2px 0 0; letter-spacing: -.01em; white-space: nowrap; }
.card .interval { color: var(--grey); font-size: 12px; margin: 0; min-height: 1.6em; }
.card .change { font-size: 13px; margin: 4px 0 2px; }
.card details[open] > .panel { position: absolute; left: 0; right: 0; z-index: 5; background: #fff; border: 1px solid var(--faint); border-top: 2px solid var(--ink); box-shadow: 0 12px 32px rgba(31,41,51,.14); padding: 16px 22px 12px; margin-top: 4px; }
.card svg { display: block; margin: 4px 0 0 -4px; }
section { padding-top: 52px; } section.first { padding-top: 28px; }
h2 { font-size: 20px; font-weight: 650; margin: 0 0 4px; line-height: 1.4; } h2 + .says { margin-top: 0; }
.says { color: var(--grey); margin: 0 0 18px; max-width: 50em; }
h3 { font-size: 15px; font-weight: 650; margin: 26px 0 6px; }
figure { margin: 18px 0 26px; break-inside: avoid; } figcaption { margin-bottom: 6px; }
figcaption strong { display: block; font-weight: 650; line-height: 1.45; } figcaption span { color: var(--grey); font-size: 13px; display: block; }
figure svg { display: block; }
.narrow { display: none; }
.note, .kx-note { color: var(--grey); font-size: 13px; margin: 4px 0; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0,1fr)); gap: 0 40px; }
details > summary { cursor: pointer; color: var(--accent); font-size: 13px; list-style-position: inside; }
details.more { margin: 6px 0 10px; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: 13px; min-width: 100%; line-height: 1.5; }
th, td { text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--faint); vertical-align: top; font-weight: 400; }
thead th { color: var(--grey); border-bottom: 1px solid var(--grey); font-size: 12px; white-space: nowrap; vertical-align: bottom; }
tbody th { min-width: 6em; } th.num, td.num { text-align: right; white-space: nowrap; } th:last-child, td:last-child { padding-right: 0; }
figure details table, .small table { font-size: 12px; }
td .sub, th .sub, .sub { display: block; color: var(--grey); font-size: 12px; }
.metrics { border-top: 1px solid var(--grey); margin: 8px 0 0; }
.metric > summary, .metrics-head { display: grid; grid-template-columns: minmax(0,1.35fr) repeat(var(--spans), minmax(0,1fr)); gap: 0 14px; align-items: start; }
.metrics-head { color: var(--grey); font-size: 12px; line-height: 1.5; padding: 0 0 6px 18px; } .metrics-head b { color: var(--ink); font-weight: 600; } .metrics-head span + span { text-align: right; }
.metric { border-bottom: 1px solid var(--faint); }
.metric > summary { list-style: none; color: var(--ink); padding: 7px 0 7px 18px; position: relative; font-size: 13px; }
.metric > summary::-webkit-details-marker { display: none; }
.metric > summary::before { content: "›"; position: absolute; left: 3px; top: 6px; color: var(--accent); transition: transform .12s; }
.metric[open] > summary::before { transform: rotate(90deg); }
.metric > summary:hover { background: var(--wash); }
.metric > summary > span + span { text-align: right; }
.metric .period-name { display: none; color: var(--grey); font-size: 12px; }
.panel { padding: 4px 0 16px 18px; font-size: 13px; } .panel dl { display: grid; grid-template-columns: 92px minmax(0,1fr); gap: 3px 14px; margin: 4px 0 10px; }
.panel dt { color: var(--grey); } .panel dd { margin: 0; }
.theme { font-size: 13px; font-weight: 650; margin: 22px 0 6px; }
dl.facts { display: grid; grid-template-columns: 200px minmax(0,1fr); gap: 6px 18px; margin: 14px 0; } dl.facts dt { color: var(--grey); } dl.facts dd { margin: 0; }
ul.plain { margin: 6px 0; padding-left: 1.15em; } ul.plain li { margin: 3px 0; }
.calm { background: var(--wash); padding: 14px 18px; border-radius: 6px; margin: 16px 0; max-width: 52em; } .calm p { margin: 2px 0; }
footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--faint); color: var(--grey); font-size: 12px; }
code { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--wash); padding: 1px 5px; border-radius: 3px; }
@media (max-width: 1080px) { .page { grid-template-columns: minmax(0,1fr); } .contents { display: none; } .cards { grid-template-columns: repeat(2, minmax(0,1fr)); } }
@media (max-width: 640px) {
  body { font-size: 15px; } .bar { padding: 14px 18px 0; } .page { padding: 0 18px 48px; } .brand small { display: none; }
  header.lead { padding-top: 24px; } h1 { font-size: 23px; } .pair { grid-template-columns: minmax(0,1fr); }
  .cards { gap: 0 18px; } .card .value { font-size: 21px; } .answers li { grid-template-columns: minmax(0,1fr); gap: 0; }
  .wide { display: none; } .narrow { display: block; } section { padding-top: 40px; }
  .metrics-head { display: none; } .metric > summary { grid-template-columns: minmax(0,1fr) auto; }
  .metric > summary > span:nth-child(n+3) { display: none; } .metric[open] > summary > span:nth-child(n+3) { display: block; grid-column: 2; }
  .metric .period-name { display: block; } dl.facts, .panel dl { grid-template-columns: minmax(0,1fr); gap: 0; } dl.facts dd, .panel dd { margin-bottom: 8px; }
}
@media print {
  @page { margin: 16mm 14mm; } body { font-size: 11pt; } .languages, .contents { display: none; } .page { display: block; padding: 0; max-width: none; }
  .bar { padding: 0; } .answers a { display: none; } .cards { grid-template-columns: repeat(4, minmax(0,1fr)); } section { padding-top: 24pt; break-inside: auto; } h2, h3, figcaption { break-after: avoid; } figure details, .card details { display: none; }
  .metric, .answers li, .card, tr { break-inside: avoid; } a { color: inherit; }
}
"""
