import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 250;

/** Waits until a model server's `/ping` answers 200. @throws Error which says what it answered last */
export async function untilReady(url: string, secondsAtMost: number): Promise<void> {
  const end = performance.now() + 1e3 * secondsAtMost;
  for (;;) {
    const last = await fetch(`${url}/ping`).then(
      ({ status }) => status,
      (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message),
    );
    if (last === 200) return;
    if (performance.now() >= end) {
      throw new Error(`The model server at ${url} was not ready within ${secondsAtMost} s; it said last: ${last}.`);
    }
    await sleep(POLL_MS);
  }
}
