import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { gradedUpload, type Send, uploadArchive } from "../../cli/client.ts";
import { type LocalService, openLocalService } from "../../cli/local.ts";
import { calibratorBeside } from "../../cli/local-calibrator.ts";
import type { GradingAnswer } from "../../core/contracts/grading.ts";
import { openBrowser } from "../builders/browser.ts";
import { aCalibrator } from "../builders/calibrators.ts";
import { blobOf, phantomArchive, phantomStill } from "../builders/phantom-archive.ts";
import { type BundleFolder, pregnancyBundle } from "../builders/pregnancy-bundle.ts";

describe("the page", () => {
  let bundle: BundleFolder;
  let dataDir: string;
  let service: LocalService;
  let url: string;
  let browser: Browser;
  let graded: GradingAnswer;
  let rejected: GradingAnswer;
  let still: GradingAnswer;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "blastograde-page-"));
    bundle = await pregnancyBundle();
    const { dir: modelBundle, modelSha256 } = bundle;
    await writeFile(calibratorBeside(modelBundle), JSON.stringify(aCalibrator({ modelSha256 })));
    const logger = pino({ level: "silent" });
    service = await openLocalService({ dataDir, clinicId: "north", modelBundle, modelThreads: 1, logger });
    url = await service.listen({ host: "127.0.0.1", port: 0 });
    const send: Send = (path, init) => fetch(url + path, init);
    graded = await gradedUpload(send, await uploadArchive(send, await phantomArchive(), { ageYears: 34 }));
    const tooEarly = await phantomArchive({ seed: 9, capturedHpi: [80] });
    rejected = await gradedUpload(send, await uploadArchive(send, tooEarly));
    const picture = blobOf(await phantomStill());
    still = await gradedUpload(send, await uploadArchive(send, picture, { kind: "still", embryoId: "E-17" }));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await service?.close();
    await rm(dataDir, { recursive: true, force: true });
    await bundle?.remove();
  });

  it("shows a graded embryo with its grades, its group and its pictures", async () => {
    const { page } = await visit("/");

    const row = page.getByRole("row").filter({ hasText: graded.embryoId! });
    const preview = row.getByRole("img", { name: "pictures of" });

    expect(graded.status).toBe("graded");
    const cells = await row.getByRole("cell").allInnerTexts();
    expect(cells[2]).toMatch(new RegExp(`^${graded.icm!.grade}\\s+A \\d+ %\\s+B \\d+ %\\s+C \\d+ %$`));
    expect(cells[3]).toMatch(new RegExp(`^${graded.te!.grade}\\s+A \\d+ %\\s+B \\d+ %\\s+C \\d+ %$`));
    expect(cells[4]).toBe(graded.qualityGroup);
    expect(await preview.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  });

  it("shows the probability of pregnancy with its interval and its raw score, and what it rests on", async () => {
    const { page } = await visit("/");

    const cell = page.getByRole("row").filter({ hasText: graded.embryoId! }).getByRole("cell").nth(5);
    const picture = cell.getByRole("img");

    const text = await cell.innerText();
    expect(text).toMatch(/^\d+ % \d+ to \d+ % \(95 % interval\)/);
    expect(text).toContain(`Raw score ${graded.pregnancy!.rawScore.toFixed(2)} at 34 years`);
    expect(text).toContain("inner cell mass");
    expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(448);
    expect(await page.getByText("where the network looked, the brighter the more").isVisible()).toBe(true);
  });

  it("shows a still as one", async () => {
    const { page } = await visit("/");

    const row = page.getByRole("row").filter({ hasText: "E-17" });
    const preview = row.getByRole("img");

    expect(still.status).toBe("graded");
    const cells = await row.getByRole("cell").allInnerTexts();
    expect(cells[2]).toMatch(new RegExp(`^${still.icm!.grade}\\s+A \\d+ %`));
    expect(cells[6]).toMatch(/a single still/);
    expect(cells[7]).toContain("SINGLE_PLANE");
    expect(await preview.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(112);
  });

  it("shows a rejected embryo with the code and what to do", async () => {
    const { page } = await visit("/");

    const row = await page.getByRole("row").filter({ hasText: rejected.embryoId! }).textContent();

    expect(rejected.rejection?.code).toBe("NO_BLASTOCYST_STAGE");
    expect(row).toContain("rejected");
    expect(row).toContain("NO_BLASTOCYST_STAGE");
    expect(row).toContain(rejected.rejection!.detail);
  });

  it("says that it is not for clinical use", async () => {
    const { page } = await visit("/");

    expect(await page.getByText("not for clinical use").isVisible()).toBe(true);
  });

  it("fits a laptop's screen", async () => {
    const { page } = await visit("/");

    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

    expect(overhang).toBeLessThanOrEqual(0);
  });

  it("shows every operation of the API, from this service's own files", async () => {
    const { page } = await visit("/docs");

    await page.getByText("/v1/cycles/{cycleId}").waitFor();

    const operations = await page.locator(".opblock-summary-path").allInnerTexts();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    // Swagger UI lets long paths break at their slashes.
    expect(operations.map((path) => path.replaceAll("\u200b", "")).sort()).toEqual(Object.keys(paths).sort());
  });

  it.each(["/", "/docs"])("asks nobody else for anything, and has no error to report: %s", async (path) => {
    const { page, requested, errors } = await visit(path);

    await page.waitForLoadState("networkidle");

    expect(requested.length).toBeGreaterThan(1);
    expect(requested.filter((each) => new URL(each).origin !== url && !each.startsWith("data:"))).toEqual([]);
    expect(errors).toEqual([]);
  });

  /** Opens a path in a browser that knows nothing yet, and writes down what the page asks for and complains of. */
  async function visit(path: string): Promise<{ page: Page; requested: string[]; errors: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const requested: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requested.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
    });
    await page.goto(url + path, { waitUntil: "load" });
    return { page, requested, errors };
  }
});
