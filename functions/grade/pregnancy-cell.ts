import { html } from "hono/html";
import type { GradingAnswer, PregnancyAnswer } from "../../core/contracts/grading.ts";
import { OUTLINE_COLOURS } from "../../core/pregnancy/explanation.ts";
import { wholePercent } from "../../core/pregnancy/whole-percent.ts";

const FOCUS = {
  icm: "The network looked most at the inner cell mass.",
  te: "The network looked most at the trophectoderm.",
  other: "The network looked most at neither ICM nor TE.",
  none: "The network found nothing that speaks for a pregnancy.",
} as const;

/** An embryo's probability of pregnancy, what it is made of, and the picture of what it rests on. */
export function pregnancyCell({ embryoId, pregnancy }: GradingAnswer) {
  if (pregnancy === null || embryoId === null) return "–";
  const picture = `v1/embryos/${encodeURIComponent(embryoId)}/explanation`;
  return html`<div class="score">
      <p>${probability(pregnancy)}</p>
      <a href="${picture}"><img loading="lazy" alt="what the score of ${embryoId} rests on" src="${picture}" /></a>
      <p><small>${FOCUS[pregnancy.focus]}</small></p>
      <p><small>Raw score ${pregnancy.rawScore.toFixed(2)} at ${pregnancy.ageYears} years: orders embryos, is no probability.</small></p>
    </div>`;
}

/** What the colours of the pictures mean. */
export function explanationLegend() {
  return html`<p class="legend">
      The pictures show the embryo as the network saw it. <span class="attention">Pink</span>: where the network looked, the brighter the
      more. Outlines: what it took for the <span class="icm">inner cell mass</span> and the <span class="te">trophectoderm</span>. Clinical
      pregnancy is a gestational sac, if this embryo is transferred; the range is what other samples of the clinic's outcomes would have said.
    </p>`;
}

function probability({ probability: share, interval }: PregnancyAnswer) {
  if (share === null || interval === null)
    return html`<strong>No probability</strong><br /><small>Not calibrated.</small>`;
  const [low, high] = [interval.low, interval.high].map(wholePercent);
  return html`<strong>${wholePercent(share)} %</strong> <small>${low} to ${high} % (${100 * interval.level} % interval)</small>`;
}

const rgb = (colour: readonly number[]) => `rgb(${colour.join(" ")})`;

export const PREGNANCY_STYLE = `
  .score { width: 13rem; white-space: normal; }
  .score img { display: block; width: 12rem; }
  .legend { font-size: 13px; }
  .legend span { padding: 0 .3rem; }
  .icm { background: #1c2430; color: ${rgb(OUTLINE_COLOURS.icm)}; }
  .te { background: #1c2430; color: ${rgb(OUTLINE_COLOURS.te)}; }
  .attention { background: rgb(250 90 160); color: #1c2430; }
`;
