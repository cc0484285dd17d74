// Ten thousand upload events through the queues and stations: one JSON line a figure and a claim on standard output,
// progress on standard error. Exit code 1 when a claim fails, 2 when it could not be tried.
import { parseArgs } from "node:util";
import { wholeNumber } from "../../core/contracts/whole-number.ts";
import { runFlood } from "./run-flood.ts";

const USAGE = "Usage: npm run flood [-- --events 10000] [--seed 1]";
const STUBBED = "The cropper's network and the model's endpoint are stubs; S3, SQS and DynamoDB are stand-ins.";
/** Below, a tenth of the way says more of the programs' start than of their memory. */
const EVENTS_THAT_SHOW_MEMORY = 2000;
/** Collected garbage leaves holes, which is a few percent; a leak grows with the events. */
const MEMORY_RATIO_AT_MOST = 1.15;

process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});

async function main(): Promise<number> {
  const { events, seed } = readArguments();
  const { claims, figures, memory } = await runFlood({ events, seed, say: console.error });
  const residentSets = memory.map(({ residentSet }) => residentSet);
  const third = Math.floor(residentSets.length / 3);
  const ratioMemory = Math.max(...residentSets.slice(-third)) / Math.max(...residentSets.slice(0, third));
  const flat = {
    claim: "memory is flat",
    holds: ratioMemory <= MEMORY_RATIO_AT_MOST,
    seen: { ratioMemory: Number(ratioMemory.toPrecision(4)) },
  };
  const all = events >= EVENTS_THAT_SHOW_MEMORY ? [...claims, flat] : claims;

  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  const residentMebibytes = residentSets.map(mebibytes);
  const heldMebibytes = memory.map(({ held }) => mebibytes(held));
  for (const [figure, value] of Object.entries({ stubbed: STUBBED, ...figures, residentMebibytes, heldMebibytes })) {
    console.log(JSON.stringify({ figure, value }));
  }
  for (const claim of all) console.log(JSON.stringify(claim));
  return all.every(({ holds }) => holds) ? 0 : 1;
}

function readArguments(): { events: number; seed: number } {
  const options = { events: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } } as const;
  const { values } = parseArgs({ options });
  return { events: wholeNumber(10, 1_000_000).parse(values.events), seed: wholeNumber(0, 2 ** 31).parse(values.seed) };
}
