import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { EmbryoPage } from "../../core/contracts/http.ts";

describe("npm start", () => {
  let folder: string;
  let first: Started;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "blastograde-start-"));
    first = await start({ DATA_DIR: join(folder, "data") });
  });
  afterAll(async () => {
    first.child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  it("grades a sample cycle, prints it as a table with the URL, and stays up", async () => {
    const { said, url, child } = first;

    const health = await fetch(`${url}/healthz`);

    const rows = said.split("\n").filter((line) => line.includes("│ phantom-"));
    expect(rows).toHaveLength(5);
    expect(rows.filter((row) => /[TGP]QB/.test(row)).length).toBeGreaterThan(0);
    expect(said).toContain("EMPTY_WELL");
    expect(said).toContain("not for clinical use");
    expect(await health.json()).toEqual({ status: "ok" });
    expect(child.exitCode).toBeNull();
  });

  it("shows the same embryos over its API", async () => {
    const response = await fetch(`${first.url}/v1/embryos`);

    const { embryos } = EmbryoPage.parse(await response.json());

    expect(embryos).toHaveLength(5);
    for (const { embryoId } of embryos) expect(first.said).toContain(embryoId!);
    expect(embryos.filter(({ rejection }) => rejection?.code === "EMPTY_WELL")).toHaveLength(1);
  });

  it("does not start a second time on a folder that is in use, whatever its port", async () => {
    const end = await failedStart({ DATA_DIR: join(folder, "data"), PORT: "0" });

    expect(end.code).toBe(1);
    expect(end.said).toMatch(/^Blastograde did not start: The folder .*data is in use by another Blastograde; .*\.\n$/);
  });

  it("ends with 0 on SIGTERM, and grades nothing again at the next start", async () => {
    const before = await (await fetch(`${first.url}/v1/embryos`)).json();
    first.child.kill("SIGTERM");
    const [code] = await once(first.child, "exit");

    const second = await start({ DATA_DIR: join(folder, "data") });
    const after = await (await fetch(`${second.url}/v1/embryos`)).json();
    second.child.kill("SIGINT");
    const [secondCode] = await once(second.child, "exit");

    expect([code, secondCode]).toEqual([0, 0]);
    expect(second.said).not.toMatch(/First start|│/);
    expect(after).toEqual(before);
  });

  it("ends with 0 when it is stopped in the middle of its sample cycle", async () => {
    const child = spawnStart({ DATA_DIR: join(folder, "cut off") });
    const failure = text(child.stderr!);
    await lineOf(child, /graded|rejected/);

    child.kill("SIGTERM");
    const [code] = await once(child, "exit");

    expect(code).toBe(0);
    expect(await failure).toBe("");
  });

  it("says in one sentence that its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };

    const end = await failedStart({ DATA_DIR: join(folder, "data"), PORT: String(port) });

    expect(end).toEqual({
      code: 1,
      said: `Blastograde did not start: port ${port} of 127.0.0.1 is taken; set PORT to a free one, or to 0 for any.\n`,
    });
  });

  it("says in one sentence that its folder cannot be used", async () => {
    const file = join(folder, "a file");
    await writeFile(file, "");

    const end = await failedStart({ DATA_DIR: file });

    expect(end.code).toBe(1);
    expect(end.said).toMatch(/^Blastograde did not start: The folder .*a file.* a file lies where a folder .*\.\n$/);
  });

  it("says in one sentence which setting it does not take", async () => {
    const end = await failedStart({ DATA_DIR: join(folder, "data"), PORT: "eighty" });

    expect(end.code).toBe(1);
    expect(end.said).toMatch(/^Blastograde did not start: .*PORT.*"eighty"\.\n$/);
  });
});

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  /** Standard output up to the URL. */
  readonly said: string;
}

async function start(environment: Record<string, string>): Promise<Started> {
  const child = spawnStart(environment);
  child.stderr!.pipe(process.stderr);
  const { said, match } = await lineOf(child, /Blastograde is at (\S+)/);
  return { child, url: match[1]!, said };
}

async function failedStart(environment: Record<string, string>) {
  const child = spawnStart(environment);
  const [said, [code]] = await Promise.all([text(child.stderr!), once(child, "exit")]);
  return { code, said };
}

function spawnStart(environment: Record<string, string>): ChildProcess {
  const env = { ...process.env, PORT: "0", LOG_LEVEL: "error", ...environment };
  return spawn(process.execPath, ["cli/start.ts"], { env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Waits for standard output to match. @throws when the process ends before it does */
async function lineOf(child: ChildProcess, wanted: RegExp) {
  let said = "";
  for await (const chunk of child.stdout!.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    said += chunk;
    const match = said.match(wanted);
    if (match) return { said, match };
  }
  throw new Error(`it ended without saying ${wanted}: ${said}`);
}
