import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { TEST_AWS_ENVIRONMENT } from "./aws-environment.ts";

export interface AwsCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** `reset` breaks the connection before an answer, `cut` in the middle of one. */
export type ScriptedAnswer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array }
  | "reset"
  | "cut";

export interface ScriptedAws {
  readonly url: string;
  /** What a program needs in its environment to take this server for S3 and SQS. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything that was asked, oldest first. */
  readonly calls: AwsCall[];
  /** Gives the answer to each call; a test sets it. */
  answer: (call: AwsCall) => ScriptedAnswer;
  close(): Promise<void>;
}

/** A server that answers as a test says, to see what a client does then, and what it asked for. */
export async function startScriptedAws(): Promise<ScriptedAws> {
  const calls: AwsCall[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url: path = "", headers } = request;
    const call = { method, path, headers, body: Buffer.concat(chunks) };
    calls.push(call);
    const answer = aws.answer(call);
    if (answer === "reset") return request.socket.resetAndDestroy();
    if (answer === "cut") {
      response.writeHead(200, { "content-length": "1000" });
      response.write(new Uint8Array(10), () => request.socket.resetAndDestroy());
      return;
    }
    response.writeHead(answer.status, answer.headers).end(method === "HEAD" ? undefined : answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const aws: ScriptedAws = {
    url,
    environment: { ...TEST_AWS_ENVIRONMENT, AWS_ENDPOINT_URL_S3: url, AWS_ENDPOINT_URL_SQS: url },
    calls,
    answer: () => ({ status: 200 }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return aws;
}
