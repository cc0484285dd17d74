import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: { check: string } };
/** The very command that `npm run check` scans with. */
const scan = scripts.check.split(" && ").find((command) => command.startsWith("secretlint "));

/** Made at run time: this repository holds none. */
function secretKey(): string {
  return randomBytes(30).toString("base64").replaceAll("+", "a").replaceAll("/", "b");
}

/** A folder with our configuration of the scan and these files. */
async function projectWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-secrets-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const file of [".secretlintrc.json", ".secretlintignore", ".gitignore"]) await cp(file, join(folder, file));
  // Rules are looked up beside the configuration.
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function scanned(folder: string): Promise<{ exitCode: unknown; stdout: string }> {
  const PATH = `${resolve("node_modules/.bin")}${delimiter}${process.env.PATH}`;
  return new Promise((done) => {
    execFile("sh", ["-c", scan!], { cwd: folder, env: { ...process.env, PATH } }, (error, stdout) =>
      done({ exitCode: error?.code ?? 0, stdout }),
    );
  });
}

describe("the secret scan of npm run check", () => {
  it.each([
    ["infra/stage.ts", (key: string) => `export const aws_secret_access_key = "${key}";\n`],
    [".ci/deploy.sh", (key: string) => `AWS_SECRET_ACCESS_KEY=${key} npx cdk deploy\n`],
    ["docs/operations.md", (key: string) => `aws_secret_access_key = ${key}\n`],
    ["settings", (key: string) => `aws_secret_access_key = ${key}\n`],
  ])("finds a secret key of AWS in %s", async (name, text) => {
    const folder = await projectWith({ [name]: text(secretKey()), "clean.ts": "export const one = 1;\n" });

    const { exitCode, stdout } = await scanned(folder);

    expect(exitCode).toBe(1);
    expect(stdout).toContain("AWSSecretAccessKey");
    expect(stdout).toContain(name);
  });

  it("lets a project without one pass", async () => {
    const folder = await projectWith({ "clean.ts": "export const region = process.env.AWS_REGION;\n" });

    const { exitCode, stdout } = await scanned(folder);

    expect([exitCode, stdout]).toEqual([0, ""]);
  });
});
