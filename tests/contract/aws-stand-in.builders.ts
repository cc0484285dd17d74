import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";

export interface AwsCall {
  readonly path: string;
  /** `GetItem` of a call to DynamoDB; empty where the path says what is asked. */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface AwsAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** "reset": the connection is cut before an answer. "silence": it stays open, and no answer comes. */
export type Fault = AwsAnswer | "reset" | "silence";

export interface AwsStandIn {
  /** Every call that has come, the SDK's repeated ones as well. */
  readonly calls: readonly AwsCall[];
  /** Answers a call; `serve` is what the service would do. A test puts a fault in its place. */
  answer: (call: AwsCall, serve: (body?: string) => Promise<AwsAnswer>) => Promise<Fault>;
}

/** What the SDK takes from its environment, with `url` in place of AWS. */
export function stubAws(url: string): void {
  vi.stubEnv("AWS_ENDPOINT_URL", url);
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
}

/** A server that the SDK takes for AWS while the test runs. It writes down every call, and fails when told to. */
export async function awsStandIn(serve: (call: AwsCall) => Promise<AwsAnswer>): Promise<AwsStandIn> {
  const calls: AwsCall[] = [];
  const standIn: AwsStandIn = { calls, answer: (_call, served) => served() };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { headers: sent, url = "" } = request;
    const operation = String(sent["x-amz-target"] ?? "").replace(/^.*\./, "");
    const call = { path: url, operation, headers: sent, body: Buffer.concat(chunks).toString() };
    calls.push(call);
    const answer = await standIn.answer(call, (body = call.body) => serve({ ...call, body }));
    if (answer === "reset") request.socket.destroy();
    else if (answer !== "silence") {
      const headers = { "content-type": "application/x-amz-json-1.0", ...answer.headers };
      response.writeHead(answer.status, headers).end(answer.body);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const before = process.env.AWS_ENDPOINT_URL;
  stubAws(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  // The SDK waits between its tries for a random part of some seconds: none of them here.
  const random = vi.spyOn(Math, "random").mockReturnValue(0);
  onTestFinished(() => {
    random.mockRestore();
    vi.stubEnv("AWS_ENDPOINT_URL", before);
    server.closeAllConnections();
    server.close();
  });
  return standIn;
}

/** AWS's answer to a call that it refuses. */
export function refusal(status: number, name: string): AwsAnswer {
  return { status, body: JSON.stringify({ __type: `com.amazonaws#${name}`, message: `This is a ${name}.` }) };
}

/** What AWS may do to any call, and how often the SDK asks before it says so. */
export const FAULTS: readonly [what: string, fault: Fault, asked: number][] = [
  ["throttles", refusal(400, "ThrottlingException"), 5],
  ["has an internal error", refusal(500, "InternalServerError"), 5],
  ["is unavailable", refusal(503, "ServiceUnavailable"), 5],
  ["cuts the connection", "reset", 5],
  ["does not answer in time", "silence", 5],
  ["denies the access", refusal(400, "AccessDeniedException"), 1],
];
