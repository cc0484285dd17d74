import { createHash } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { openDeadLetters, type SqsDeadLetters } from "../../adapters/aws/sqs-dead-letters.ts";
import { openSqsSender, type SqsSender } from "../../adapters/aws/sqs-sender.ts";
import type { ScriptedAnswer } from "../builders/scripted-aws.ts";
import { usingScriptedAws } from "./aws.builders.ts";
import { Job } from "./queue.suite.ts";

const TRIES = 5;
const ACCOUNT = "123456789012";

interface Queues {
  readonly jobs: SqsSender<Job>;
  readonly deadLetters: SqsDeadLetters;
}

async function openQueues() {
  const aws = await usingScriptedAws();
  const queues: Queues = {
    jobs: openSqsSender({ queueUrl: `${aws.url}/${ACCOUNT}/jobs`, schema: Job }),
    deadLetters: openDeadLetters({ deadLetterQueueUrl: `${aws.url}/${ACCOUNT}/dead` }),
  };
  onTestFinished(() => {
    queues.jobs.close();
    queues.deadLetters.close();
  });
  return { aws, queues };
}

const calls: [string, (queues: Queues) => Promise<unknown>][] = [
  ["a send", ({ jobs }) => jobs.send({ n: 1 })],
  ["a burial", ({ deadLetters }) => deadLetters.bury('{"n":1}', "A: a")],
  ["a look at the dead letters", ({ deadLetters }) => deadLetters.receive()],
  ["a deletion", ({ deadLetters }) => deadLetters.delete({ body: "", receipt: "r" })],
];

const passing: [string, ScriptedAnswer][] = [
  ["503", refusal(503, "ServiceUnavailable")],
  ["500", refusal(500, "InternalFailure")],
  ["a throttle", refusal(400, "ThrottlingException")],
  ["a connection that breaks", "reset"],
];

for (const [fault, answer] of passing) {
  it.each(calls)(`does %s after ${fault}, by trying again`, async (_what, call) => {
    const { aws, queues } = await openQueues();
    aws.answer = () => (aws.calls.length < TRIES ? answer : good());

    await call(queues);

    expect(aws.calls).toHaveLength(TRIES);
  });
}

const lasting: [string, ScriptedAnswer][] = [
  ["a denial", refusal(403, "AccessDenied")],
  ["the key's throttle", refusal(400, "KmsThrottled")],
];

for (const [fault, answer] of [...passing, ...lasting]) {
  it.each(calls)(`tells that %s may be done later when all that comes is ${fault}`, async (_what, call) => {
    const { aws, queues } = await openQueues();
    aws.answer = () => answer;

    await expect(call(queues)).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      retryable: true,
      message: expect.not.stringContaining(ACCOUNT),
    });
  });
}

function good(): ScriptedAnswer {
  const MD5OfMessageBody = createHash("md5").update('{"n":1}').digest("hex");
  const headers = { "content-type": "application/x-amz-json-1.0" };
  return { status: 200, headers, body: JSON.stringify({ MessageId: "1", MD5OfMessageBody }) };
}

function refusal(status: number, name: string): ScriptedAnswer {
  const body = JSON.stringify({ __type: `com.amazonaws.sqs#${name}`, message: name });
  return { status, headers: { "content-type": "application/x-amz-json-1.0" }, body };
}
