import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openGrader } from "../../adapters/onnx/grader.ts";
import { openNetwork } from "../../adapters/onnx/network-session.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { loadBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { LONGEST_BODY } from "../../model-container/server/app.ts";
import { type ModelServer, startModelServer } from "../../model-container/server/server.ts";
import { clipBytes, clipFrames, clipOf, DEMO_BUNDLE, invoke, silent } from "./model-server.builders.ts";

describe("the model server", () => {
  let server: ModelServer;
  beforeAll(async () => {
    server = await startModelServer({ bundleDir: DEMO_BUNDLE, port: 0, threads: 2, queueLimit: 64, logger: silent });
  });
  afterAll(() => server.close());

  it("says at /ping when it is ready and not before", async () => {
    let before: Promise<Response> | undefined;

    const starting = await startModelServer({
      bundleDir: DEMO_BUNDLE,
      port: 0,
      threads: 1,
      logger: silent,
      onListening: (url) => {
        before = fetch(`${url}/ping`);
      },
    });
    const after = await fetch(`${starting.url}/ping`);
    await starting.close();

    expect((await before)?.status).toBe(503);
    expect(after.status).toBe(200);
  });

  it("answers a clip with scores and probabilities, the model's digest and the clip's", async () => {
    const clip = clipBytes({ frames: 7 });

    const answer = await invoke(server.url, clip, { "X-Amzn-SageMaker-Inference-Id": "grading-1" });

    expect(answer.status).toBe(200);
    expect(answer.headers.get("X-Amzn-SageMaker-Inference-Id")).toBe("grading-1");
    expect(Prediction.parse(await answer.json())).toMatchObject({
      model: server.bundle.manifest.name,
      modelSha256: server.bundle.manifest.modelSha256,
      demo: true,
      clipSha256: createHash("sha256").update(clip).digest("hex"),
      framesUsed: 7,
      classOrder: ["A", "B", "C"],
    });
  });

  it("gives the same bytes for the same clip", async () => {
    const clip = clipBytes({ frames: 9 });

    const first = await invoke(server.url, clip);
    const second = await invoke(server.url, clip);

    expect(await second.text()).toBe(await first.text());
  });

  it("gives 40 clips at once the answers that each gets alone", async () => {
    const clips = Array.from({ length: 40 }, (_, n) => clipBytes({ frames: 1 + (n % 3), seed: n + 1 }));
    const alone = [];
    for (const clip of clips) alone.push(await (await invoke(server.url, clip)).text());

    const together = await Promise.all(clips.map(async (clip) => (await invoke(server.url, clip)).text()));

    expect(together).toEqual(alone);
  });

  it("answers /ping while networks compute", async () => {
    const done: string[] = [];
    const invocations = [1, 2, 3].map((seed) =>
      invoke(server.url, clipBytes({ frames: 30, seed })).then(() => done.push("invocation")),
    );

    const answer = await fetch(`${server.url}/ping`);
    done.push("ping");
    await Promise.all(invocations);

    expect(answer.status).toBe(200);
    expect(done.at(-1)).toBe("invocation");
  });

  it.each([
    ["nothing", () => new Uint8Array()],
    ["text", () => new TextEncoder().encode("no npz")],
    ["a clip cut in half", () => clipBytes({ frames: 2 }).subarray(0, 150_528)],
    ["a clip with a damaged pixel", () => clipBytes({ frames: 1 }).with(5_000, 1).with(5_001, 2)],
  ])("refuses %s as CLIP_INVALID", async (_, body) => {
    const answer = await invoke(server.url, body());

    expect(answer.status).toBe(400);
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
    expect(await answer.json()).toEqual({
      type: "about:blank",
      title: "Bad Request",
      status: 400,
      detail: expect.any(String),
      code: "CLIP_INVALID",
      retryable: false,
    });
  });

  it("refuses what another model's cropper cut: the model was changed between crop and grade", async () => {
    const cropperSha256 = "c".repeat(64);

    const answer = await invoke(server.url, clipOf(clipFrames({ frames: 1 }), { cropperSha256 }));

    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      title: "Conflict",
      code: "CLIP_OF_OTHER_CROPPER",
      detail: expect.stringContaining(cropperSha256),
      retryable: false,
    });
  });

  it("takes the longest clip there can be, and refuses what is longer before it is decoded", async () => {
    const longest = await invoke(server.url, clipBytes({ frames: 30 }));
    const longer = await invoke(server.url, new Uint8Array(LONGEST_BODY + 1));

    expect(longest.status).toBe(200);
    expect(longer.status).toBe(413);
    expect(longer.headers.get("Connection")).toBe("close");
    expect(await longer.json()).toMatchObject({ code: "PAYLOAD_TOO_LARGE", retryable: false });
  });

  it("refuses a body without a length as soon as it is too long", async () => {
    // A connection of its own, since the server cuts it off.
    const sending = request(`${server.url}/invocations`, { method: "POST", agent: false });

    sending.write(Buffer.alloc(LONGEST_BODY + 1));
    const [answer] = (await once(sending, "response")) as [IncomingMessage];
    sending.on("error", () => {});
    sending.destroy();

    expect(answer.statusCode).toBe(413);
  });

  it("takes octet streams, refuses JSON, and knows no other path", async () => {
    const clip = clipBytes({ frames: 1 });

    const octets = await invoke(server.url, clip, { "Content-Type": "application/octet-stream" });
    const json = await invoke(server.url, clip, { "Content-Type": "application/json" });
    const elsewhere = await fetch(`${server.url}/elsewhere`);

    expect([octets.status, json.status, elsewhere.status]).toEqual([200, 415, 404]);
  });

  it("does not start with a damaged bundle, and leaves the port free", async () => {
    const dir = await mkdtemp(join(tmpdir(), "bundle-"));
    await cp(DEMO_BUNDLE, dir, { recursive: true });
    await writeFile(join(dir, "rnn.onnx"), "damaged");
    let port = 0;

    const start = startModelServer({
      bundleDir: dir,
      port: 0,
      threads: 1,
      logger: silent,
      onListening: (url) => {
        port = Number(new URL(url).port);
      },
    });

    await expect(start).rejects.toMatchObject({ code: "BUNDLE_DAMAGED", message: expect.stringContaining("rnn.onnx") });
    await new Promise<void>((resolve, reject) => {
      const probe = createServer().once("error", reject);
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
    });
    await rm(dir, { recursive: true });
  });

  it("does not start on the CPU when CUDA was asked for", async () => {
    const start = startModelServer({ bundleDir: DEMO_BUNDLE, port: 0, threads: 1, device: "cuda", logger: silent });

    await expect(start).rejects.toMatchObject({
      code: "MODEL_UNAVAILABLE",
      message: expect.stringContaining("CUDA was asked for"),
    });
  });
});

describe("networks in ONNX Runtime", () => {
  it("give the same feature bits however many frames go together", async () => {
    const bundle = await loadBundle(DEMO_BUNDLE);
    const networks = { cnn: await readNetwork(bundle, "cnn"), rnn: await readNetwork(bundle, "rnn") };
    const { features } = bundle.manifest.networks.cnn;
    const frames = clipFrames({ frames: 30 });
    const bits: string[] = [];

    for (const framesPerBatch of [1, 2, 5, 7, 15, 30]) {
      const grader = await openGrader({ ...networks, features, threads: 2, framesPerBatch });
      const sequence = await grader.features(frames, 30);
      bits.push(createHash("sha256").update(sequence).digest("hex"));
      await grader.close();
    }

    expect(new Set(bits).size).toBe(1);
  });

  it("give the same masks however many pictures go together", async () => {
    const bundle = await loadBundle(DEMO_BUNDLE);
    const { sha256 } = bundle.manifest.networks.cropper;
    const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads: 2 });
    const picture = clipFrames({ frames: 1 });
    const pictures = Array.from({ length: 8 }, (_, n) => picture.slice(n * 12_288, (n + 1) * 12_288));

    const together = await segmenter.segment(pictures);
    const alone = await Promise.all(pictures.map(async (one) => (await segmenter.segment([one]))[0]));
    await segmenter.close();

    expect(together).toEqual(alone);
  });

  it("are refused when they are none, or have other inputs and outputs", async () => {
    const bundle = await loadBundle(DEMO_BUNDLE);
    const otherNetwork = await readNetwork(bundle, "rnn");
    const open = (network: Uint8Array) =>
      openNetwork(network, { name: "cnn.onnx", inputs: ["frames"], outputs: ["features"] }, { threads: 1 });

    await expect(open(new Uint8Array(100))).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
    await expect(open(otherNetwork)).rejects.toMatchObject({
      code: "BUNDLE_DAMAGED",
      message: expect.stringContaining("expected the inputs frames"),
    });
  });
});
