// The local service as a process that kills itself right after a durable write.
// Arguments: the data folder, and after which write: its number from 1 on, or a name, or the third of a name ("queue.send#3").
import { writeSync } from "node:fs";
import { pino } from "pino";
import { openLocalService } from "../../cli/local.ts";

const [dataDir, killAfter] = process.argv.slice(2);
const writes: string[] = [];

const service = await openLocalService({
  dataDir: dataDir!,
  clinicId: "north",
  modelBundle: "model-container/models/demo",
  modelThreads: 1,
  logger: pino({ level: "silent" }),
  afterWrite(write) {
    writes.push(write);
    say(`write ${write}`);
    const timesOfThis = writes.filter((each) => each === write).length;
    const names = [String(writes.length), write, `${write}#${timesOfThis}`];
    if (killAfter !== undefined && names.includes(killAfter)) process.kill(process.pid, "SIGKILL");
  },
});
process.once("SIGTERM", async () => {
  await service.idle();
  await service.close();
  process.exit(0);
});
say(`url ${await service.listen({ host: "127.0.0.1", port: 0 })}`);

/** Synchronously: what a killed process had said has to arrive. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
