import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { QueueName } from "./flood-plan.ts";

export interface QueuePlace {
  readonly url: string;
  readonly deadLettersUrl: string;
}

/** Where the stations find everything. */
export interface CloudPlaces {
  /** What makes the SDK take the stand-ins for AWS. */
  readonly environment: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly bucketOwner: string;
  readonly tableName: string;
  readonly endpointName: string;
  readonly queues: Readonly<Record<QueueName, QueuePlace>>;
}

/** `pour`: the plan's events from one to before another happen. `settle`: every clip that the endpoint was asked for is answered. */
export type CloudOrder =
  | { readonly what: "pour"; readonly from: number; readonly to: number }
  | { readonly what: "settle" };

export interface CloudAnswer {
  readonly id: number;
  readonly error: string | null;
}

export interface FloodCloud {
  readonly places: CloudPlaces;
  pour(from: number, to: number): Promise<void>;
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the stand-ins of AWS, the clinics and the endpoint in a process of their own. */
export async function startFloodCloud(flood: { readonly events: number; readonly seed: number }): Promise<FloodCloud> {
  const script = join(import.meta.dirname, "flood-cloud.fixture.ts");
  const child = fork(script, [`${flood.events}`, `${flood.seed}`], { execArgv: [] });
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`The stand-ins of AWS ended with ${code}.`);
  });
  died.catch(() => undefined);
  const [places] = (await Promise.race([once(child, "message"), died])) as [CloudPlaces];
  const waiting = new Map<number, (answer: CloudAnswer) => void>();
  child.on("message", (answer: CloudAnswer) => waiting.get(answer.id)?.(answer));
  let orders = 0;

  async function obey(order: CloudOrder): Promise<void> {
    const id = ++orders;
    const answered = new Promise<CloudAnswer>((resolve) => void waiting.set(id, resolve));
    child.send({ id, order });
    const { error } = await Promise.race([answered, died]);
    waiting.delete(id);
    if (error !== null) throw new Error(`The stand-ins of AWS failed: ${error}`);
  }

  return {
    places,
    pour: (from, to) => obey({ what: "pour", from, to }),
    settle: () => obey({ what: "settle" }),
    async close() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}
