import { zipArchive } from "../adapters/archive/zip-writer.ts";
import { archiveEntries, type PhantomEmbryo, phantomEmbryo } from "../phantom/index.ts";

const SEED = 2019;
const EMBRYOS = 5;
const EMPTY_WELL = 3;

/**
 * The embryos a first start shows: one cycle of phantoms, one of which is an empty well. A picture an hour keeps the
 * first start short; selection takes no more of a denser archive.
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

/** An embryo's archive, as an incubator would export it. */
export async function sampleArchive(embryo: PhantomEmbryo): Promise<Blob> {
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
