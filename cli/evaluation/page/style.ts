/** The page's whole style; light, and the same on paper. */
export const STYLE = `
:root { color-scheme: light; --ink: #1c2530; --soft: #5c6773; --rule: #d9dee4; --pale: #f5f7f9; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 24px 60px; max-width: 1010px; background: #fff; color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
h1 { margin: 0 0 2px; font-size: 27px; }
h2 { margin: 44px 0 6px; padding-top: 14px; border-top: 2px solid var(--ink); font-size: 20px; }
h3 { margin: 24px 0 4px; font-size: 16px; }
p { margin: 6px 0 10px; max-width: 76ch; }
.lead { color: var(--soft); font-size: 16px; }
.notice { margin: 14px 0; padding: 10px 14px; max-width: none; border: 1px solid #c0392b; border-left-width: 6px; background: #fdf3f1;
  font-weight: 600; }
.table { margin: 12px 0 18px; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { padding: 2px 0 5px; text-align: left; font-weight: 600; }
th, td { padding: 5px 9px; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: top; }
thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; font-size: 13px; }
th.words, td.words { text-align: left; }
td small { display: block; color: var(--soft); font-size: 12px; white-space: nowrap; }
td b { font-weight: 600; white-space: nowrap; }
tbody tr:nth-child(even) { background: var(--pale); }
.paper { color: var(--soft); white-space: nowrap; }
.unmeasured { color: var(--soft); font-size: 12.5px; font-style: italic; }
.note { color: var(--soft); font-size: 13px; }
.digest { font: 12.5px/1.4 ui-monospace, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.pair { display: flex; flex-wrap: wrap; gap: 10px 28px; align-items: flex-start; }
.pair > * { flex: 1 1 400px; }
.pair > svg { flex: 0 1 auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 10px 0; }
dt { color: var(--soft); }
dd { margin: 0; }
table.confusion { width: auto; }
table.confusion td { min-width: 86px; border: 1px solid #fff; text-align: center; vertical-align: middle; }
table.confusion td small { display: inline; }
table.confusion th { border: 0; text-align: center; }
table.confusion tbody tr { background: none; }
svg { display: block; max-width: 100%; height: auto; margin: 8px 0; font: 12px system-ui, "Segoe UI", "Liberation Sans", sans-serif; }
svg text { fill: var(--ink); }
svg .title { font-size: 13px; font-weight: 600; }
svg .tick { fill: var(--soft); font-size: 11px; }
svg .plane { fill: #fff; stroke: #9aa4ae; }
svg .grid { stroke: #e6eaee; }
svg .diagonal { stroke: #9aa4ae; stroke-dasharray: 3 3; }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .table, svg, .pair, .notice { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
}
`;
