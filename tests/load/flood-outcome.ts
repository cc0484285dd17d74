import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { openDeadLetters, type SqsDeadLetter } from "../../adapters/aws/sqs-dead-letters.ts";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";
import { Grading, GradingRecord } from "../../core/contracts/grading.ts";
import { UNFINISHED } from "../../core/stations/close.ts";
import type { CloudPlaces } from "./flood-cloud.ts";
import { QUEUES } from "./flood-plan.ts";

/** All that is in the table. */
export interface FloodRows {
  readonly gradings: readonly Grading[];
  readonly records: readonly GradingRecord[];
}

/** Reads the table from end to end, past the stores, whose reads would hide a second record. */
export async function rowsOf({ tableName }: CloudPlaces): Promise<FloodRows> {
  const client = new DynamoDBClient({});
  const gradings: Grading[] = [];
  const records: GradingRecord[] = [];
  try {
    for await (const { Items = [] } of paginateScan({ client }, { TableName: tableName, ConsistentRead: true })) {
      for (const row of Items) {
        const body: unknown = JSON.parse(row.body!.S!);
        if (row[CLOUD_TABLE.partitionKey]!.S!.startsWith("RECORD#")) records.push(GradingRecord.parse(body));
        else gradings.push(Grading.parse(body));
      }
    }
  } finally {
    client.destroy();
  }
  return { gradings, records };
}

export function unfinishedOf({ gradings }: FloodRows): Grading[] {
  return gradings.filter(({ status }) => UNFINISHED.includes(status));
}

/** Empties the queues of dead letters. */
export async function deadLettersOf({ queues }: CloudPlaces): Promise<SqsDeadLetter[]> {
  const taken: SqsDeadLetter[] = [];
  for (const name of QUEUES) {
    const letters = openDeadLetters({ deadLetterQueueUrl: queues[name].deadLettersUrl });
    for (let batch = await letters.receive(); batch.length > 0; batch = await letters.receive()) {
      taken.push(...batch);
      for (const letter of batch) await letters.delete(letter);
    }
    letters.close();
  }
  return taken;
}
