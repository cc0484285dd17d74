import { html, type Markup } from "../../evaluation/page/html.ts";
import { table } from "../../evaluation/page/words.ts";
import type { Verdict } from "../figures/claims.ts";
import type { PregnancyReport } from "../report.ts";

const INK: Readonly<Record<Verdict, string>> = {
  holds: "#1d6b3a",
  "does not hold": "#b02a1c",
  "not decided": "#5c6773",
};

/** Which of the paper's claims hold here. */
export function claimsSection({ claims, performance, networks }: PregnancyReport): Markup {
  const title = html`<h2>Which of the paper's claims hold here</h2>`;
  const alone =
    performance.gains.length > 0
      ? html``
      : html`<p>There is no network of both inputs among these ${networks.length}: whether enhanced images are better is not measured.</p>`;
  if (claims.length === 0) return html`${title}${alone}`;
  const rows = claims.map(({ claim, paper, verdict, here }) => [
    html`${claim}`,
    html`<span class="paper">${paper}</span>`,
    html`${here}`,
    html`<b style="color:${INK[verdict]}">${verdict}</b>`,
  ]);
  return html`${title}${alone}${table(
    "By the 95 % interval of each difference, on the held-out embryos",
    [
      { title: "Claim", words: true },
      { title: html`<span class="paper">paper</span>`, words: true },
      { title: "Here", words: true },
      { title: "Verdict", words: true },
    ],
    rows,
    "A difference holds where its interval lies wholly on the claim's side of 0, does not where it lies wholly on the other, and is not decided where 0 is within. Each claim is judged by itself: of twenty intervals one misses by chance.",
  )}`;
}
