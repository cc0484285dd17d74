import { zipArchive } from "../adapters/archive/zip-writer.ts";
import { GradingAnswer } from "../core/contracts/grading.ts";
import { Cohort } from "../core/contracts/http.ts";
import { archiveEntries, type PhantomEmbryo, phantomEmbryo } from "../phantom/index.ts";
import { gradedUpload, type Send, uploadArchive } from "./client.ts";
import { gradingsTable } from "./gradings-table.ts";

const SEED = 2019;
const EMBRYOS = 5;
const EMPTY_WELL = 3;

/**
 * The embryos a first start shows: one cycle of phantoms, one of which is an empty well. A picture each half
 * hour keeps the first start short; selection takes no more than the hourly ones of a denser archive.
 */
export function sampleCycle(): PhantomEmbryo[] {
  const first = firstOfLongCycle();
  return Array.from({ length: EMBRYOS }, (_, position) =>
    phantomEmbryo({
      seed: SEED,
      index: first + position,
      instrument: "embryoscope",
      kind: position === EMPTY_WELL ? "empty" : "blastocyst",
      firstHpi: 89,
      lastHpi: 121,
      spacingMinutes: 30,
    }),
  );
}

/**
 * Grades the sample cycle through the API. A start that was cut off is gone on with: what is not there yet is uploaded, and
 * what is there is waited for.
 *
 * @returns a readable table
 */
export async function gradeSampleCycle(send: Send): Promise<string> {
  const embryos = sampleCycle();
  console.log(`First start: grading a sample cycle of ${embryos.length} phantom embryos ...`);
  for (const embryo of embryos) {
    const known = await send(`/v1/embryos/${embryo.embryoId}`);
    const uploadId = known.ok
      ? GradingAnswer.parse(await known.json()).gradingId
      : await uploadArchive(send, await sampleArchive(embryo));
    const { status } = await gradedUpload(send, uploadId);
    console.log(`${embryo.embryoId}: ${status}`);
  }
  const cohort = Cohort.parse(await (await send(`/v1/cycles/${embryos[0]!.cycleId}`)).json());
  return `\nCycle ${cohort.cycleId}, best first\n${gradingsTable(cohort.embryos)}\n`;
}

/** An embryo's archive, as an incubator would export it. */
async function sampleArchive(embryo: PhantomEmbryo): Promise<Blob> {
  const entries: { name: string; bytes: Uint8Array }[] = [];
  for await (const entry of archiveEntries(embryo)) entries.push(entry);
  return new Blob([(await zipArchive(entries)) as Uint8Array<ArrayBuffer>]);
}

function firstOfLongCycle(): number {
  const cycleOf = (index: number) => phantomEmbryo({ seed: SEED, index }).cycleId;
  for (let first = 0; ; first++) {
    if (cycleOf(first) === cycleOf(first + EMBRYOS - 1) && (first === 0 || cycleOf(first - 1) !== cycleOf(first))) {
      return first;
    }
  }
}
