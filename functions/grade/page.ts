import { html } from "hono/html";
import { DEMO_NOTICE } from "../../core/contracts/bundle.ts";
import { GRADES, type Grade, type StructureGrade } from "../../core/contracts/grades.ts";
import type { GradingAnswer } from "../../core/contracts/grading.ts";
import { rankCohort } from "../../core/stations/answer.ts";
import { explanationLegend, PREGNANCY_STYLE, pregnancyCell } from "./pregnancy-cell.ts";

interface GradingsPageOptions {
  /** Whether the serving bundle is a demo; an answer may be of one that no longer serves. */
  readonly demo: boolean;
  /** Whether the clinic has embryos past these. */
  readonly hasMore: boolean;
}

/** The clinic's cycles as plain tables; the viewer proper comes later. */
export function gradingsPage(
  clinicId: string,
  answers: readonly GradingAnswer[],
  { demo, hasMore }: GradingsPageOptions,
) {
  const cycles = [...Map.groupBy(answers, ({ cycleId }) => cycleId)];
  const hasNotice = demo || answers.some(({ notice }) => notice !== null);
  const isWaiting = answers.some(({ status }) => status !== "graded" && status !== "rejected");
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    ${isWaiting ? html`<meta http-equiv="refresh" content="3" />` : ""}
    <title>Blastograde</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <h1>Blastograde</h1>
    ${hasNotice ? NOTICE : ""}
    <p>Clinic <strong>${clinicId}</strong>. <a href="docs">The API</a></p>
    ${hasMore ? moreThan(answers.length) : ""}
    ${cycles.length === 0 ? html`<p>No embryo yet. Upload an archive or a still through the API, or run <code>npm run grade</code>.</p>` : ""}
    ${cycles.map(([cycleId, embryos]) => cycleTable(cycleId, embryos))}
    ${answers.some(({ pregnancy }) => pregnancy !== null) ? explanationLegend() : ""}
  </body>
</html>`;
}

/**
 * Swagger UI over `/openapi.json`, with its files from this very service. Links are relative, as on the other page: behind the
 * gateway everything lies below the stage's name.
 */
export function docsPage({ demo }: { readonly demo: boolean }) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Blastograde API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css" />
  </head>
  <body>
    ${demo ? NOTICE : ""}
    <div id="api"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script>SwaggerUIBundle({ url: "openapi.json", dom_id: "#api" });</script>
  </body>
</html>`;
}

const NOTICE = html`<p class="notice">${DEMO_NOTICE}</p>`;

function moreThan(shown: number) {
  return html`<p>
      Only the first ${shown} embryos by their ids are shown, so a cycle may be incomplete here and its ranks too.
      <code>/v1/embryos</code> lists them all, <code>/v1/cycles/{cycleId}</code> ranks a whole cycle.
    </p>`;
}

function cycleTable(cycleId: string | null, embryos: readonly GradingAnswer[]) {
  // Embryos that name no cycle may be of different patients: nothing ranks them against each other.
  const ranked = cycleId === null ? embryos.map((answer) => ({ ...answer, rank: null })) : rankCohort(embryos);
  return html`<h2>${cycleId === null ? "Without a cycle" : `Cycle ${cycleId}`}</h2>
    <table>
      <thead>
        <tr>
          <th>Rank</th><th>Embryo</th><th>ICM</th><th>TE</th><th>Group</th><th>Clinical pregnancy</th><th>Sequence</th><th>Remarks</th>
        </tr>
      </thead>
      <tbody>
        ${ranked.map(
          (answer) => html`<tr class="${answer.status}">
            <td>${answer.rank ?? "–"}</td>
            <td class="words">${answer.embryoId}</td>
            <td>${structureCell(answer.icm)}</td>
            <td>${structureCell(answer.te)}</td>
            <td>${answer.qualityGroup ?? answer.status}</td>
            <td class="pregnancy">${pregnancyCell(answer)}</td>
            <td class="pictures">${sequenceCell(answer)}</td>
            <td class="words">${remarks(answer)}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
}

function structureCell(structure: StructureGrade | null) {
  if (structure === null) return "";
  const share = (grade: Grade) =>
    html`<br /><small>${grade} ${Math.round(100 * structure.probabilities[grade])} %</small>`;
  return html`<strong>${structure.grade}</strong>${GRADES.map(share)}`;
}

function sequenceCell({ gradingId, embryoId, sequence }: GradingAnswer) {
  if (sequence === null) return "";
  const { framesUsed, firstHpi, tMebHpi } = sequence;
  const frames = framesUsed === 1 ? "one frame" : `${framesUsed} frames from ${firstHpi?.toFixed(1)} hpi`;
  const said = tMebHpi === null ? "a single still" : `${frames}, tMEB at ${tMebHpi.toFixed(1)} hpi`;
  return html`<img alt="pictures of ${embryoId}" src="v1/uploads/${gradingId}/preview" />
              <small>${said}</small>`;
}

function remarks({ rejection, warnings }: GradingAnswer) {
  const lines = [...(rejection ? [rejection] : []), ...warnings];
  return html`${lines.map(({ code, detail }) => html`<p><code>${code}</code> ${detail}</p>`)}`;
}

const STYLE = `
  body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; color: #1c2430; }
  .notice { background: #fff3cd; border-left: 4px solid #d39e00; padding: .5rem .8rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid #d8dee6; vertical-align: top; }
  tr.rejected { background: #faf4f4; }
  td { white-space: nowrap; }
  .words { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
  .pictures { width: 24rem; }
  td p { margin: 0 0 .3rem; font-size: 13px; }
  small { color: #566273; }
  .pictures img { display: block; max-width: 100%; max-height: 84px; }
${PREGNANCY_STYLE}`;
