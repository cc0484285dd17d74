import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { all, parseDockerfile, type Stage } from "./dockerfile.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Record<string, string> }>>;
}

/** The stages of the model server's Dockerfile. */
export async function modelImageStages(): Promise<{ packages: Stage; onnxRuntime: Stage; image: Stage }> {
  const [packages, onnxRuntime, image, ...others] = parseDockerfile(
    await readFile(join(ROOT, "model-container/Dockerfile"), "utf8"),
  );
  if (image === undefined || others.length > 0) throw new Error("The Dockerfile has other stages than three.");
  return { packages: packages!, onnxRuntime: onnxRuntime!, image };
}

/**
 * The folder that the image's COPY lines make, without Docker: what comes from the repository is copied, and of the packages
 * there are those that the Dockerfile installs and what they depend on, as links. The machine's own Node and ONNX Runtime stand
 * in for the image's.
 */
export async function assembledImage(): Promise<string> {
  const { packages, image } = await modelImageStages();
  const folder = await mkdtemp(join(tmpdir(), "model-image-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const copy of all(image, "COPY")) {
    const words = copy.split(/\s+/);
    if (words[0]?.startsWith("--from=")) await fromStage(words[1]!, folder, packages);
    else await cp(join(ROOT, words[0]!), join(folder, words[1]!), { recursive: true });
  }
  return folder;
}

async function fromStage(source: string, folder: string, packages: Stage): Promise<void> {
  switch (source) {
    case "/packages/package.json":
      return await writeFile(join(folder, "package.json"), await installedManifest(packages));
    case "/packages/node_modules":
      for (const name of await lockedClosure(installedPackages(packages))) {
        const link = join(folder, "node_modules", name);
        await mkdir(dirname(link), { recursive: true });
        await symlink(join(ROOT, "node_modules", name), link);
      }
      return;
    case "/usr/local/bin/node":
    case "/onnx-runtime":
      return;
    default:
      throw new Error(`The Dockerfile copies ${source}, of which nothing is known here.`);
  }
}

/** The packages that the Dockerfile names. */
export function installedPackages(packages: Stage): string[] {
  const named = all(packages, "ARG").find((rest) => rest.startsWith("PACKAGES="));
  return named!.slice('PACKAGES="'.length, -1).split(" ");
}

/** What the Dockerfile's own script makes of package.json. */
async function installedManifest(packages: Stage): Promise<string> {
  const script = all(packages, "RUN")[0]!.match(/node -e '([^']+)'/)![1]!;
  const folder = await mkdtemp(join(tmpdir(), "model-image-packages-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(ROOT, "package.json"), join(folder, "package.json"));
  const env = { ...process.env, PACKAGES: installedPackages(packages).join(" ") };
  execFileSync(process.execPath, ["-e", script], { cwd: folder, env });
  return await readFile(join(folder, "package.json"), "utf8");
}

/** These packages and all that they depend on, as the lockfile has them. */
async function lockedClosure(names: readonly string[]): Promise<Set<string>> {
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as Lockfile;
  const found = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    const locked = lock.packages[`node_modules/${name}`];
    if (locked === undefined) throw new Error(`The lockfile has no package ${name} at its top.`);
    found.add(name);
    waiting.push(...Object.keys(locked.dependencies ?? {}));
  }
  return found;
}
