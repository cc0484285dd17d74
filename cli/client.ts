import { openAsBlob } from "node:fs";
import { GradingAnswer } from "../core/contracts/grading.ts";
import { Problem, type UploadOptions, UploadTicket } from "../core/contracts/http.ts";

/** Sends a request to the API: over HTTP, or straight to the app of this process. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

const POLL_MS = 100;

/**
 * Uploads an archive, or a still, as a clinic does: asks for a form, posts it with the file.
 *
 * @param options kind, age and, of a still, whose it is
 * @returns the upload's id
 * @throws with the API's sentence when it refuses
 */
export async function uploadArchive(send: Send, archive: Blob, options: UploadOptions = {}): Promise<string> {
  const asked = await send("/v1/uploads", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(options),
  });
  const ticket = UploadTicket.parse(await bodyOf(asked));
  const form = new FormData();
  for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value);
  form.append("file", archive, "upload");
  const posted = await send(new URL(ticket.url).pathname, { method: "POST", body: form });
  if (!posted.ok) await bodyOf(posted);
  return ticket.uploadId;
}

/** A file as something to upload; it is read as it is sent. */
export function archiveFile(path: string): Promise<Blob> {
  return openAsBlob(path);
}

/** Waits until an upload is graded or rejected. */
export async function gradedUpload(
  send: Send,
  uploadId: string,
  onStatus: (answer: GradingAnswer) => void = () => {},
): Promise<GradingAnswer> {
  let last = "";
  for (;;) {
    const answer = GradingAnswer.parse(await bodyOf(await send(`/v1/uploads/${uploadId}`)));
    if (answer.status !== last) onStatus(answer);
    if (answer.status === "graded" || answer.status === "rejected") return answer;
    last = answer.status;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const body = await response.json();
  if (response.ok) return body;
  throw new Error(Problem.safeParse(body).data?.detail ?? `the service answered ${response.status}`);
}
