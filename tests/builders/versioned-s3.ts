import { randomBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { TEST_AWS } from "./aws-environment.ts";
import { refusalOfForm } from "./s3-form-policy.ts";

export interface VersionedS3Options {
  /** The S3 that keeps the bytes. */
  readonly origin: string;
  /** By which the forms of uploads expire. */
  now(): Date;
}

interface Version {
  readonly id: string;
  readonly isDeleteMarker: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const VERSION_ID = /^[A-Za-z0-9._-]{32}$/;
/** They belong to one connection, or are set anew by whoever sends the body on. */
const OF_ONE_HOP = ["connection", "keep-alive", "transfer-encoding", "content-length", "host", "expect"];

/**
 * What fauxqs' S3 lacks, in front of it: versions and delete markers, the bucket's owner, the policies of upload forms. The
 * bytes of a version lie in fauxqs' bucket under the version's id and the key; listing and copying are not served.
 */
export async function startVersionedS3(options: VersionedS3Options): Promise<{ url: string; close(): Promise<void> }> {
  const versions = new Map<string, Version[]>();

  async function forward(method: string, path: string, headers: IncomingHttpHeaders, body?: Buffer): Promise<Answer> {
    const kept = Object.entries(headers).filter(([name]) => !OF_ONE_HOP.includes(name));
    const init = { method, headers: Object.fromEntries(kept) as Record<string, string> };
    const sent = body === undefined || body.length === 0 ? {} : { body: new Uint8Array(body) };
    const response = await fetch(`${options.origin}${path}`, { ...init, ...sent });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    };
  }

  function add(place: string, isDeleteMarker: boolean, id = newVersionId()): string {
    versions.set(place, [...(versions.get(place) ?? []), { id, isDeleteMarker }]);
    return id;
  }

  async function put(bucket: string, key: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    const id = newVersionId();
    const answer = await forward("PUT", `/${bucket}/${id}/${key}`, headers, body);
    if (answer.status !== 200) return answer;
    add(`${bucket}/${key}`, false, id);
    return withVersion(answer, id);
  }

  async function get(method: string, bucket: string, key: string, wanted: string | null, headers: IncomingHttpHeaders) {
    const known = versions.get(`${bucket}/${key}`) ?? [];
    const version = wanted === null ? known.at(-1) : known.find(({ id }) => id === wanted);
    if (version === undefined && wanted !== null) {
      return VERSION_ID.test(wanted) ? refusal(404, "NoSuchVersion") : refusal(400, "InvalidArgument");
    }
    if (version === undefined) return forward(method, `/${bucket}/${key}`, headers); // In fauxqs' own words.
    if (version.isDeleteMarker) {
      const answer = wanted === null ? refusal(404, "NoSuchKey") : refusal(405, "MethodNotAllowed");
      return withVersion({ ...answer, headers: { ...answer.headers, "x-amz-delete-marker": "true" } }, version.id);
    }
    return withVersion(await forward(method, `/${bucket}/${version.id}/${key}`, headers), version.id);
  }

  async function postForm(bucket: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    const contentType = headers["content-type"] ?? "";
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
    const file = form.get("file");
    const fields = new Map([...form].flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
    if (!(file instanceof Blob)) return refusal(400, "InvalidArgument");
    const refused = refusalOfForm(bucket, fields, file.size, options.now());
    if (refused !== null) return refusal(refused.startsWith("Entity") ? 400 : 403, refused);
    const bytes = Buffer.from(await file.arrayBuffer());
    const type = { "content-type": file.type || "application/octet-stream" };
    const stored = await put(bucket, encodeKey(fields.get("key")!), type, bytes);
    return stored.status === 200 ? { ...stored, status: 204 } : stored;
  }

  async function answerTo(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const { method = "", headers } = request;
    const { pathname, search, searchParams } = new URL(request.url ?? "/", options.origin);
    const [bucket = "", ...segments] = pathname.slice(1).split("/");
    const key = segments.join("/");
    if ((headers["x-amz-expected-bucket-owner"] ?? TEST_AWS.account) !== TEST_AWS.account) {
      return refusal(403, "AccessDenied");
    }
    if ((method === "GET" && key === "") || "x-amz-copy-source" in headers) return refusal(501, "NotImplemented");
    if (method === "POST" && key === "") return postForm(bucket, headers, body);
    if (key === "") return forward(method, `${pathname}${search}`, headers, body);
    if (method === "PUT") return put(bucket, key, headers, body);
    if (method === "DELETE") {
      const deleted = { status: 204, headers: { "x-amz-delete-marker": "true" }, body: Buffer.alloc(0) };
      return withVersion(deleted, add(`${bucket}/${key}`, true));
    }
    return get(method, bucket, key, searchParams.get("versionId"), headers);
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, headers, body } = await answerTo(request, Buffer.concat(chunks));
    for (const [name, value] of Object.entries(headers)) {
      if (name === "content-length" ? request.method === "HEAD" : !OF_ONE_HOP.includes(name)) {
        response.setHeader(name, value);
      }
    }
    response.writeHead(status).end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function newVersionId(): string {
  return randomBytes(24).toString("base64url");
}

function withVersion(answer: Answer, id: string): Answer {
  return { ...answer, headers: { ...answer.headers, "x-amz-version-id": id } };
}

function refusal(status: number, code: string): Answer {
  const body = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  );
  return { status, headers: { "content-type": "application/xml" }, body };
}

function encodeKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
