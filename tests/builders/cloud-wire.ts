import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type AwsService = "s3" | "sqs" | "dynamodb" | "sagemaker";

export interface WireCall {
  readonly service: AwsService;
  /** `PutItem`; of S3, which says it by method and path, `PUT /bucket/key`. */
  readonly operation: string;
  readonly body: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What lies between the functions and AWS. */
export interface CloudWire {
  /** Where the functions find each service. */
  readonly urls: Readonly<Record<AwsService, string>>;
  /** A test puts a fault in its place. `pass` does what the service does. @default passes everything */
  intercept: (call: WireCall, pass: () => Promise<WireAnswer>) => Promise<WireAnswer>;
  close(): Promise<void>;
}

/** They belong to one connection, or are set anew by whoever sends the body on. */
const OF_ONE_HOP = ["connection", "keep-alive", "transfer-encoding", "content-length", "host", "expect"];

/** Servers in front of these services that pass on what is asked of them, unless a test says otherwise. */
export async function startCloudWire(services: Readonly<Record<AwsService, string>>): Promise<CloudWire> {
  const servers: Server[] = [];
  const wire = { intercept: (_call: WireCall, pass: () => Promise<WireAnswer>) => pass() };

  async function serve(service: AwsService): Promise<string> {
    const server = createServer(async (request, response) => {
      const body = await bodyOf(request);
      const call = { service, operation: operationOf(request), body: body.toString() };
      const answer = await wire.intercept(call, () => forward(services[service], request, body));
      const headers = Object.entries(answer.headers).filter(
        // An answer to HEAD has a length and no body.
        ([name]) => !OF_ONE_HOP.includes(name) || (name === "content-length" && request.method === "HEAD"),
      );
      response.writeHead(answer.status, Object.fromEntries(headers));
      response.end(request.method === "HEAD" ? undefined : answer.body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const [s3, sqs, dynamodb, sagemaker] = await Promise.all([
    serve("s3"),
    serve("sqs"),
    serve("dynamodb"),
    serve("sagemaker"),
  ]);
  return Object.assign(wire, {
    urls: { s3, sqs, dynamodb, sagemaker },
    async close() {
      await Promise.all(servers.map(closed));
    },
  });
}

/** AWS's answer to a call that it refuses; S3 says it in XML, SageMaker and the others in JSON. */
export function refusal(service: AwsService, status: number, code: string): WireAnswer {
  if (service === "s3") {
    const body = Buffer.from(`<Error><Code>${code}</Code><Message>This is ${code}.</Message></Error>`);
    return { status, headers: { "content-type": "application/xml" }, body };
  }
  const body = Buffer.from(JSON.stringify({ __type: `com.amazonaws#${code}`, message: `This is ${code}.` }));
  return { status, headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": code }, body };
}

async function forward(origin: string, request: IncomingMessage, body: Buffer): Promise<WireAnswer> {
  const kept = Object.entries(request.headers).filter(([name]) => !OF_ONE_HOP.includes(name));
  const response = await fetch(`${origin}${request.url}`, {
    method: request.method!,
    headers: Object.fromEntries(kept) as Record<string, string>,
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  };
}

function operationOf({ headers, method, url }: IncomingMessage): string {
  const target: IncomingHttpHeaders[string] = headers["x-amz-target"];
  return target === undefined ? `${method} ${url}` : String(target).replace(/^.*\./, "");
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function closed(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await ended;
}
