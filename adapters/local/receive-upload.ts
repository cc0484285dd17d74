import { once } from "node:events";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import { isBlastogradeError, UploadRefused } from "../../core/errors.ts";
import type { StoredObject } from "../../core/ports.ts";
import type { FolderObjectStore } from "./folder-object-store.ts";
import type { LocalUploadForms } from "./upload-form.ts";

export interface ReceiveUploadOptions {
  /** The request's body. Read as far as needed and left open: the HTTP server drains or closes it after its answer. */
  readonly body: ReadableStream<Uint8Array> | Readable;
  /** The request's `Content-Type`, with the boundary. */
  readonly contentType: string;
  readonly forms: LocalUploadForms;
  readonly store: FolderObjectStore;
}

// A form has three short fields; S3 allows 20 kB for all that comes before the file.
const LIMITS = { fields: 16, fieldSize: 8 * 1024, files: 1, parts: 20, headerPairs: 32, headerSize: 8 * 1024 };

// What may come besides the file: fields, part headers, boundaries. A part without an end would otherwise be read for ever.
const BESIDES_THE_FILE = 256 * 1024;

/**
 * Receives a posted upload form (`multipart/form-data`: the fields, then the one file) and stores its file under the form's
 * key. The file becomes an object only after the whole form has arrived: a broken connection leaves nothing.
 *
 * @throws UploadRefused; StorageUnavailable
 */
export async function receiveUpload(options: ReceiveUploadOptions): Promise<StoredObject> {
  const { forms, store } = options;
  const form = openForm(options.contentType);
  const fields = new Map<string, string>();
  let stored: Promise<StoredObject> | null = null;
  let bytesAllowed = BESIDES_THE_FILE;

  const stopped = new AbortController();
  const stop = Promise.withResolvers<never>();
  /** The first reason counts; everything under way ends with it. */
  const refuse = (error: unknown) => {
    if (stopped.signal.aborted) return;
    stop.reject(error);
    stopped.abort(error);
    form.destroy();
  };
  const parsed = finished(form).catch((error: unknown) => {
    throw refused("The upload is no complete multipart/form-data; send it again.", error);
  });
  // Each is awaited below where it matters; where it no longer does, its failure must not end the process.
  for (const outcome of [stop.promise, parsed]) outcome.catch(() => {});

  form.on("field", (name, value, _nameCut, valueCut) => {
    if (stored !== null) return; // Like S3: what comes after the file is not looked at.
    if (valueCut) refuse(new UploadRefused(`The field ${name} is longer than any of ours.`));
    else if (fields.has(name)) refuse(new UploadRefused(`The form has the field ${name} twice.`));
    else fields.set(name, value);
  });
  form.on("file", (_name, file) => {
    file.on("error", () => {}); // The iteration and `parsed` report it.
    if (stopped.signal.aborted) return;
    try {
      const { key, minBytes, maxBytes } = forms.verify(Object.fromEntries(fields));
      bytesAllowed += maxBytes;
      stopped.signal.addEventListener("abort", () => file.destroy(stopped.signal.reason));
      stored = store.writeStream(key, fileThenEndOfForm(file, parsed), { minBytes, maxBytes });
      stored.catch(refuse);
    } catch (error) {
      refuse(error);
    }
  });
  form.on("filesLimit", () => refuse(new UploadRefused("The form has more than one file; send one per form.")));
  form.on("fieldsLimit", () => refuse(new UploadRefused("The form has more fields than any of ours.")));
  form.on("partsLimit", () => refuse(new UploadRefused("The form has more parts than any of ours.")));

  try {
    const fed = feed(options.body, form, stopped.signal, () => bytesAllowed);
    await Promise.race([fed.then(() => parsed), stop.promise]);
    if (stored === null) throw new UploadRefused("The form has no file after its fields.");
    return await stored;
  } catch (error) {
    refuse(error);
    await (stored as Promise<StoredObject> | null)?.catch(() => {}); // The draft is gone before the answer is given.
    throw stopped.signal.reason;
  }
}

function openForm(contentType: string): BusboyInstance {
  if (!/^multipart\/form-data/i.test(contentType)) throw new UploadRefused("The upload is no multipart/form-data.");
  try {
    return new Busboy({ headers: { "content-type": contentType }, limits: LIMITS });
  } catch (error) {
    throw refused("The upload has to be sent as multipart/form-data with a boundary.", error);
  }
}

/** The file's bytes; ends only when the whole form has been read without a fault, and throws otherwise. */
async function* fileThenEndOfForm(file: BusboyFileStream, parsed: Promise<void>): AsyncGenerator<Uint8Array> {
  yield* file;
  await parsed;
}

/** Passes the body on as fast as the form takes it. */
async function feed(
  body: ReceiveUploadOptions["body"],
  form: BusboyInstance,
  stopped: AbortSignal,
  bytesAllowed: () => number,
): Promise<void> {
  try {
    let received = 0;
    const chunks =
      "getReader" in body ? body.values({ preventCancel: true }) : body.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      if (stopped.aborted) return;
      // Of what came before this chunk: the file's beginning may lie in the chunk that made it too much.
      if (received > bytesAllowed()) throw new UploadRefused("The upload is longer than its form allows.");
      received += chunk.byteLength;
      if (!form.write(chunk)) await once(form, "drain", { signal: stopped });
    }
    form.end();
  } catch (error) {
    throw refused("The upload broke off before its end; send it again.", error);
  }
}

function refused(message: string, cause: unknown): Error {
  return isBlastogradeError(cause) ? cause : new UploadRefused(message, { cause });
}
