import { Prediction } from "../core/contracts/prediction.ts";

/** What a model server says of a clip. @param url without a slash at the end @throws Error when it does not answer */
export async function invokeModel(url: string, clip: Uint8Array): Promise<Prediction> {
  const answer = await fetch(`${url}/invocations`, {
    method: "POST",
    headers: { "Content-Type": "application/x-npz" },
    body: clip as Uint8Array<ArrayBuffer>,
  });
  if (!answer.ok) throw new Error(`The model server answered ${answer.status}: ${await answer.text()}`);
  return Prediction.parse(await answer.json());
}
