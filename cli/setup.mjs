// Runs before every npm script, with whatever Node is there (20 or newer): installs what the script needs, once.
// Everything it says goes to standard error, since a command's standard output is its result.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const LOCKFILE = "package-lock.json";
const STAMP = "node_modules/.installed-from";
const PYTHONS = [process.env.PYTHON, "python3", "/usr/bin/python3"].filter(Boolean);
const BROWSERS = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean);

const TOOLS = {
  "--python": {
    isThere: () => PYTHONS.some((python) => succeeds(python, ["-c", "import torch, numpy, pytest"])),
    debian: ["python3-torch", "libopenblas0-pthread", "python3-numpy", "python3-pytest"],
    sentence: "a Python 3 with PyTorch, NumPy and pytest (set PYTHON to it if it is not the first python3)",
  },
  "--browser": {
    isThere: () => BROWSERS.some((browser) => succeeds(browser, ["--version"])),
    debian: ["chromium"],
    sentence: "Chromium (set CHROMIUM to its path if it is not on the PATH)",
  },
};

installPackages();
for (const option of process.argv.slice(2)) installTool(TOOLS[option]);

function installPackages() {
  const lock = createHash("sha256").update(readFileSync(LOCKFILE)).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return;
  console.error("Installing the packages of package-lock.json ...");
  // Node 24 is a development package that a script installs; the user's own settings may leave out either.
  run("npm", ["ci", "--include=dev", "--ignore-scripts=false", "--loglevel=error"]);
  writeFileSync(STAMP, lock);
}

function installTool({ isThere, debian, sentence }) {
  if (isThere()) return;
  const isDebianRoot = process.getuid?.() === 0 && succeeds("apt-get", ["--version"]);
  if (!isDebianRoot) {
    fail(`This command needs ${sentence}. On Debian: apt-get install ${debian.join(" ")}`);
  }
  console.error(`Installing ${debian.join(", ")} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], env);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...debian], env);
  if (!isThere()) fail(`Installed ${debian.join(", ")}, and still cannot find ${sentence}.`);
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function run(command, args, env = process.env) {
  const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2], env });
  if (status !== 0) fail(`"${command} ${args.join(" ")}" failed.`);
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
