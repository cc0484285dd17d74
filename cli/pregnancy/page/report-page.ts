import { html, Markup, NOTHING } from "../../evaluation/page/html.ts";
import { STYLE } from "../../evaluation/page/style.ts";
import { counted, table } from "../../evaluation/page/words.ts";
import type { PregnancyReport } from "../report.ts";
import { agesSection } from "./ages-section.ts";
import { calibrationSection } from "./calibration-section.ts";
import { claimsSection } from "./claims-section.ts";
import { focusSection } from "./focus-section.ts";
import { performanceSection } from "./performance-section.ts";
import { segmentationSection } from "./segmentation-section.ts";

/** A figure within a sentence has its interval beside it, not below. */
const INLINE_FIGURES = "dd.figure small { color: var(--soft); font-size: 13px; }";

/**
 * The report as one page that needs nothing else: no script, no font, no picture from elsewhere.
 *
 * @returns well-formed HTML
 */
export function reportPage(report: PregnancyReport): string {
  const { notice, dataSet, performance } = report;
  const page = html`<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Blastograde: the probability of pregnancy on ${dataSet.source}</title>
<style>${new Markup(STYLE + INLINE_FIGURES)}</style>
</head>
<body>
<h1>The probability of pregnancy</h1>
<p class="lead">${counted(report.networks.length, "network")} on ${counted(performance.heldOut.embryos, "held-out embryo")} (${dataSet.source}), beside Kim et al. 2024.</p>
${notice === null ? NOTHING : html`<p class="notice">${notice}</p>`}
${claimsSection(report)}
${subject(report)}
${agesSection(report)}
${performanceSection(report)}
${focusSection(report)}
${calibrationSection(report)}
${segmentationSection(report)}
${method(report)}
</body>
</html>
`;
  return `<!DOCTYPE html>\n${page.text}`;
}

function subject({ dataSet, segmenterSha256, bundle, networks }: PregnancyReport): Markup {
  const { leftOut, clinics, folds } = dataSet;
  return html`<h2>What was measured</h2>
<dl>
<dt>Data set</dt><dd>${dataSet.source}, ${counted(dataSet.embryos, "embryo")}; left out: ${leftOut.withoutOutcome} without an outcome, ${leftOut.withoutAge} without an age</dd>
<dt>Clinics</dt><dd>${clinics.length === 0 ? "not named" : clinics.join(", ")}</dd>
<dt>Bundle</dt><dd>${bundle.name} <span class="digest">${bundle.modelSha256.slice(0, 16)}…</span></dd>
<dt>Segmenter</dt><dd class="digest">${segmenterSha256}</dd>
</dl>
${table(
  "Embryos with an outcome and an age; whole cycles are in one part",
  [{ title: "Part", words: true }, { title: "Embryos" }, { title: "Positive" }, { title: "Cycles" }],
  folds.map(({ fold, embryos, positives, cycles }) => [
    html`${fold === null ? "held out" : `fold ${fold}`}`,
    html`${embryos}`,
    html`${positives}`,
    html`${cycles}`,
  ]),
)}${networkTable(networks)}`;
}

function networkTable(networks: PregnancyReport["networks"]): Markup {
  const kinds = [...Map.groupBy(networks, ({ name, input }) => `${name}, ${input}`)];
  return table(
    "Networks",
    [
      { title: "Network", words: true },
      { title: "Folds", words: true },
      { title: "Width" },
      { title: "SHA-256", words: true },
    ],
    kinds.map(([name, own]) => [
      html`${name}`,
      html`${own.map(({ fold, served }) => `${fold}${served ? " (served)" : ""}`).join(", ")}`,
      html`${String(own[0]!.settings.width ?? "not said")}`,
      html`<span class="digest">${own.map(({ sha256 }) => sha256.slice(0, 8)).join(" ")}</span>`,
    ]),
    "All settings and whole digests are in report.json.",
  );
}

/** A percentile bootstrap over fewer clusters covers far less than it says. */
const CYCLES_ENOUGH = 20;

function method({ resamples, seed, performance, dataSet }: PregnancyReport): Markup {
  const { cycles } = performance.heldOut;
  return html`<h2>How this was measured</h2>
<p>Stills, masks, images and scores come about as in service. The network of a fold never saw that fold, and no network the
held-out embryos; whole cycles were kept apart, because one woman's embryos are alike and share her age. Intervals hold 95 % of
${counted(resamples, "bootstrap resample")} of whole cycles (seed ${seed}); a difference is taken on the same embryos in each resample.</p>
${
  cycles >= CYCLES_ENOUGH
    ? NOTHING
    : html`<p class="notice">Only ${counted(cycles, "held-out cycle")}: with fewer than ${CYCLES_ENOUGH} to draw from, these intervals are too narrow to lean on.</p>`
}
<p class="note">Cropper <span class="digest">${dataSet.cropperSha256}</span>. All numbers are in report.json beside this page, each network's scores in scores.csv.
The paper: H. M. Kim, T. Ko, H. Kang et al., Improved prediction of clinical pregnancy using artificial intelligence with enhanced inner
cell mass and trophectoderm images, Scientific Reports (2024).</p>`;
}
