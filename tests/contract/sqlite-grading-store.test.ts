import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openSqliteGradingStore } from "../../adapters/local/sqlite-grading-store.ts";
import { aGrading, temporaryFolder } from "./builders.ts";
import { gradingStoreSuite } from "./grading-store.suite.ts";

async function openDatabase(file?: string) {
  const database = openSqliteDatabase({ file: file ?? join(await temporaryFolder(), "test.sqlite") });
  onTestFinished(() => database.close());
  return database;
}

gradingStoreSuite("the SQLite grading store", async () => openSqliteGradingStore({ database: await openDatabase() }));

it("finds every grading again after a restart", async () => {
  const file = join(await temporaryFolder(), "test.sqlite");
  const before = openSqliteDatabase({ file });
  await openSqliteGradingStore({ database: before }).create(aGrading());
  before.close();

  const store = openSqliteGradingStore({ database: await openDatabase(file) });

  expect(await store.find("grading-1")).toEqual(aGrading());
});

it("never changes whose grading it is, or when it was received", async () => {
  const store = openSqliteGradingStore({ database: await openDatabase() });
  await store.create(aGrading());

  const change = {
    status: "cropping" as const,
    clinicId: "south",
    gradingId: "other",
    receivedAt: "2030-01-01T00:00:00Z",
  };
  await store.change("grading-1", ["received"], change);

  expect(await store.find("grading-1")).toEqual(aGrading({ status: "cropping" }));
});

it("refuses a change that would break the row, and keeps the row", async () => {
  const store = openSqliteGradingStore({ database: await openDatabase() });
  await store.create(aGrading());

  await expect(store.change("grading-1", ["received"], { archiveDigest: "no digest" })).rejects.toThrow();

  expect(await store.find("grading-1")).toEqual(aGrading());
});
