import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openSqliteGradingStore } from "../../adapters/local/sqlite-grading-store.ts";
import { httpUrl, type LocalService, openLocalService } from "../../cli/local.ts";
import { UploadTicket } from "../../core/contracts/http.ts";
import { expectProblem } from "../builders/api.ts";

describe("the local service", () => {
  let dataDir: string;
  let service: LocalService;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "blastograde-local-"));
    service = await openLocalService({
      dataDir,
      clinicId: "north",
      publicUrl: "https://grading.example",
      modelBundle: "model-container/models/demo",
      modelThreads: 1,
      logger: pino({ level: "silent" }),
    });
  });
  afterAll(async () => {
    await service.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it("hands out forms to where its clients reach it, not to where it listens", async () => {
    const url = await service.listen({ host: "127.0.0.1", port: 0 });

    const ticket = await askForForm();

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(ticket.url).toBe("https://grading.example/upload-form");
  });

  it("refuses an upload that arrives after its form was given up, rather than losing it", async () => {
    const { fields, uploadId } = await askForForm();
    await giveUp(uploadId);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob(["late"]), "archive.zip");

    const posted = await service.app.request("/upload-form", { method: "POST", body: form });

    await expectProblem(posted, 403, "UPLOAD_REFUSED");
  });

  async function askForForm(): Promise<UploadTicket> {
    return UploadTicket.parse(await (await service.app.request("/v1/uploads", { method: "POST" })).json());
  }

  /** As the sweep does hours later. */
  async function giveUp(gradingId: string): Promise<void> {
    const database = openSqliteDatabase({ file: join(dataDir, "blastograde.sqlite") });
    const rejection = { code: "UPLOAD_EXPIRED", detail: "Nothing was uploaded. Ask for a new form." };
    const gradings = openSqliteGradingStore({ database });
    await gradings.change(gradingId, ["received"], { status: "rejected", rejection });
    database.close();
  }
});

it.each([
  ["127.0.0.1", "http://127.0.0.1:8787"],
  ["localhost", "http://localhost:8787"],
  ["::1", "http://[::1]:8787"],
])("writes the URL of %s so that it can be opened", (host, url) => {
  expect(httpUrl(host, 8787)).toBe(url);
  expect(new URL(url).port).toBe("8787");
});
