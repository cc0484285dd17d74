import { once } from "node:events";
import { cp, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { cannedFiles } from "../../cli/canned/canned-clip.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { startModelServer } from "../../model-container/server/server.ts";
import { folderOf, jsonLines, runCommand } from "../builders/run-command.ts";
import { DEMO_BUNDLE, silent } from "./model-server.builders.ts";

const { clip, prediction } = cannedFiles(DEMO_BUNDLE);
const canned = Prediction.parse(JSON.parse(await readFile(prediction, "utf8")));

/** An endpoint that is not ready at first, and answers every clip with this. */
async function endpointThatSays(answer: unknown, status = 200): Promise<string> {
  let pings = 0;
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === "/ping") response.writeHead(pings++ === 0 ? 503 : 200).end();
    else request.on("end", () => response.writeHead(status).end(JSON.stringify(answer)));
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const verify = (url: string, ...args: string[]) =>
  runCommand("verify-endpoint", ["--url", url, "--bundle", DEMO_BUNDLE, ...args]);

describe("npm run verify-endpoint", () => {
  it("waits for an endpoint, and says that it agrees", async () => {
    const url = await endpointThatSays(canned);

    const { exitCode, stdout } = await verify(`${url}/`);

    expect(exitCode).toBe(0);
    const { modelSha256 } = canned;
    expect(jsonLines(stdout)).toMatchObject([{ agrees: true, maxDifference: 0, differences: [], modelSha256 }]);
  });

  it("says what is off, and ends with 1", async () => {
    const { A, B, C } = canned.icm.scores;
    const icm = { ...canned.icm, scores: { A: A - 0.02, B: B + 0.02, C } };
    const url = await endpointThatSays({ ...canned, icm });

    const { exitCode, stdout } = await verify(url);

    expect(exitCode).toBe(1);
    expect(jsonLines(stdout)).toMatchObject([
      {
        agrees: false,
        maxDifference: expect.closeTo(0.02, 6),
        differences: [expect.stringContaining("ICM score of A"), expect.stringContaining("ICM score of B")],
      },
    ]);
  });

  it.each([
    ["refuses the clip", { code: "CLIP_OF_OTHER_CROPPER" }, 409, /409.*CLIP_OF_OTHER_CROPPER/],
    ["answers what is no prediction", { error: "none" }, 200, /schema/],
  ])("ends with 1 where the endpoint %s", async (_, answer, status, sentence) => {
    const url = await endpointThatSays(answer, status);

    const { exitCode, stdout } = await verify(url);

    expect(exitCode).toBe(1);
    expect(jsonLines(stdout)).toMatchObject([{ agrees: false, differences: [expect.stringMatching(sentence)] }]);
  });

  it("ends with 1 where nobody answers for as long as it was told to wait", async () => {
    const { exitCode, stdout } = await verify("http://127.0.0.1:1", "--wait", "0");

    expect(exitCode).toBe(1);
    expect(jsonLines(stdout)).toMatchObject([{ agrees: false, differences: [expect.stringContaining("not ready")] }]);
  });

  it("says what is missing in its call", async () => {
    const { exitCode, stderr } = await runCommand("verify-endpoint", ["--url", "localhost:8080"]);

    expect(exitCode).toBe(2);
    expect(stderr).toContain("--url wants");
  });
});

describe("npm run canned-clip", () => {
  it("writes beside a bundle the clip and the prediction that a server of the bundle agrees with", async () => {
    const folder = await folderOf({});
    const bundleDir = join(folder, "demo");
    await cp(DEMO_BUNDLE, bundleDir, { recursive: true });

    const made = await runCommand("canned-clip", ["--bundle", `${bundleDir}/`]);
    const server = await startModelServer({ bundleDir, port: 0, threads: 2, logger: silent });
    const verified = await runCommand("verify-endpoint", ["--url", server.url, "--bundle", bundleDir]);
    await server.close();

    expect(made.exitCode).toBe(0);
    expect(await readFile(join(folder, "demo.canned-clip.npz"))).toEqual(await readFile(clip));
    expect(jsonLines(verified.stdout)).toMatchObject([{ agrees: true, maxDifference: 0 }]);
  });
});
