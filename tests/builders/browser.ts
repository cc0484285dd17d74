import { spawnSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";

// As `cli/setup.mjs` looks for it, which installs it before `npm test`.
const CANDIDATES = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"];

/** A headless Chromium that says nothing to its maker. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

function chromiumPath(): string {
  for (const candidate of CANDIDATES) {
    const found = candidate && spawnSync("which", [candidate], { encoding: "utf8" }).stdout.trim();
    if (found) return found;
  }
  throw new Error("The page's tests need Chromium: apt-get install chromium, or set CHROMIUM to its path.");
}
