import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Sender } from "../../core/ports.ts";

/** The message that the suite sends. */
export const Job = z.object({ n: z.number() });
export type Job = z.infer<typeof Job>;

/** What the suite needs of one message in hand. */
export interface DeliveryUnderTest {
  readonly message: Job;
  readonly attempt: number;
  finish(): Promise<void>;
  retry(error: unknown, delaySeconds: number): Promise<void>;
  bury(error: unknown): Promise<void>;
}

/** A queue of {@link Job} whose deliveries expire after {@link VISIBILITY_SECONDS}. */
export interface QueueUnderTest extends Sender<Job> {
  take(): Promise<DeliveryUnderTest | null>;
  countDeadLetters(): Promise<number>;
  passSeconds(seconds: number): Promise<void>;
}

export const VISIBILITY_SECONDS = 60;

/** What every queue does. `open` gives an empty one. */
export function queueSuite(name: string, open: () => Promise<QueueUnderTest>) {
  describe(name, () => {
    it("delivers each message once while all goes well", async () => {
      const queue = await open();
      for (const n of [1, 2, 3]) await queue.send({ n });

      const delivered: number[] = [];
      for (let delivery = await queue.take(); delivery; delivery = await queue.take()) {
        delivered.push(delivery.message.n);
        await delivery.finish();
      }
      await queue.passSeconds(10 * VISIBILITY_SECONDS);

      expect(delivered.sort()).toEqual([1, 2, 3]);
      expect(await queue.take()).toBeNull();
    });

    it("hands out no message twice at once", async () => {
      const queue = await open();
      for (let n = 0; n < 10; n++) await queue.send({ n });

      const deliveries = await Promise.all(Array.from({ length: 15 }, () => queue.take()));

      const delivered = deliveries.filter((delivery) => delivery !== null).map(({ message }) => message.n);
      expect(new Set(delivered).size).toBe(10);
      expect(delivered).toHaveLength(10);
    });

    it("hands a message out again when its delivery expires, and counts the attempts", async () => {
      const queue = await open();
      await queue.send({ n: 1 });

      const first = await queue.take();
      const meanwhile = await queue.take();
      await queue.passSeconds(VISIBILITY_SECONDS);
      const second = await queue.take();

      expect([first?.attempt, meanwhile, second?.attempt]).toEqual([1, null, 2]);
      expect(second?.message).toEqual({ n: 1 });
    });

    it("hands a message out again after the delay of its retry, not before", async () => {
      const queue = await open();
      await queue.send({ n: 1 });
      const first = await queue.take();

      await first?.retry(new Error("not now"), 5);
      await queue.passSeconds(4);
      const early = await queue.take();
      await queue.passSeconds(1);
      const second = await queue.take();

      expect(early).toBeNull();
      expect(second).toMatchObject({ message: { n: 1 }, attempt: 2 });
    });

    it("keeps a buried message among the dead letters only", async () => {
      const queue = await open();
      await queue.send({ n: 1 });

      await (await queue.take())?.bury(new Error("poison"));
      await queue.passSeconds(10 * VISIBILITY_SECONDS);

      expect(await queue.take()).toBeNull();
      expect(await queue.countDeadLetters()).toBe(1);
    });

    it("loses and doubles nothing, whatever is done to it", async () => {
      await assertNothingLost(open, { settlesExpired: false });
    });
  });
}

/**
 * Holds a queue to its books: after any history of sends, takes and settlements, what was sent is handed out once at a time
 * until it is finished or buried, and never again.
 *
 * @param options.settlesExpired whether deliveries are settled also after they have expired, which then has to change nothing
 */
export async function assertNothingLost(
  open: () => Promise<QueueUnderTest>,
  { settlesExpired }: { settlesExpired: boolean },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const queue = await open();
      const model = new Map<number, { visibleAt: number; attempts: number }>();
      const inHand: DeliveryUnderTest[] = [];
      let now = 0;
      let buried = 0;
      let sent = 0;

      for (const { kind, pick } of actions) {
        const delivery = inHand[pick % Math.max(1, inHand.length)];
        const row = delivery && model.get(delivery.message.n);
        const current = row !== undefined && row.attempts === delivery?.attempt;
        const expired = !current || row.visibleAt <= now;
        if (kind === "send") {
          await queue.send({ n: sent });
          model.set(sent++, { visibleAt: now, attempts: 0 });
        } else if (kind === "pass") {
          await queue.passSeconds(pick * 10);
          now += pick * 10;
        } else if (kind === "take") {
          const taken = await queue.take();
          const visible = [...model].filter(([, { visibleAt }]) => visibleAt <= now).map(([n]) => n);
          if (!taken) {
            expect(visible).toEqual([]);
            continue;
          }
          expect(visible).toContain(taken.message.n);
          const next = { visibleAt: now + VISIBILITY_SECONDS, attempts: taken.attempt };
          expect(taken.attempt).toBe((model.get(taken.message.n)?.attempts ?? 0) + 1);
          model.set(taken.message.n, next);
          inHand.push(taken);
        } else if (kind === "retry") {
          if (expired && !settlesExpired) continue;
          await delivery?.retry(new Error("again"), pick);
          if (current) row.visibleAt = now + pick;
        } else {
          if (expired && !settlesExpired) continue;
          await delivery?.[kind](new Error("enough"));
          if (current) model.delete(delivery.message.n);
          if (current && kind === "bury") buried++;
        }
      }

      expect(await queue.countDeadLetters()).toBe(buried);
      await queue.passSeconds(1_000);
      const left: number[] = [];
      for (let taken = await queue.take(); taken; taken = await queue.take()) left.push(taken.message.n);
      expect(left.sort((a, b) => a - b)).toEqual([...model.keys()]);
    }),
    { numRuns: 60 },
  );
}

const action = fc.record({
  kind: fc.constantFrom("send", "send", "take", "take", "pass", "finish", "retry", "bury"),
  pick: fc.nat(10),
});
