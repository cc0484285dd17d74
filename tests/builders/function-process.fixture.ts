// A deployed function in a process of its own, as Lambda runs it: loaded once, then one event after the other.
// Arguments: the bundle, and by how many milliseconds this process's clock is ahead.
import { pathToFileURL } from "node:url";

const [file, clockAheadMs] = process.argv.slice(2);
setClockAhead(Number(clockAheadMs));
// The SDK and the stations wait for a random part of some seconds between their tries: none of them here.
Math.random = () => 0;

const { handler } = await import(pathToFileURL(file!).href);

process.on("message", async ({ id, event }: { id: number; event: unknown }) => {
  try {
    process.send!({ id, answer: await handler(event, { awsRequestId: `request-${id}` }) });
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    process.send!({ id, failure: { name, code, message } });
  }
});

function setClockAhead(ms: number): void {
  const TrueDate = Date;
  globalThis.Date = class extends TrueDate {
    constructor(...given: []) {
      if (given.length === 0) super(TrueDate.now() + ms);
      else super(...given);
    }
    static override now(): number {
      return TrueDate.now() + ms;
    }
  } as DateConstructor;
}
