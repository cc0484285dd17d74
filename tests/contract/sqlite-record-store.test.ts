import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openSqliteRecordStore } from "../../adapters/local/sqlite-record-store.ts";
import { aRecord, temporaryFolder } from "./builders.ts";
import { recordStoreSuite } from "./record-store.suite.ts";

async function openStore(file?: string) {
  const database = openSqliteDatabase({ file: file ?? join(await temporaryFolder(), "test.sqlite") });
  onTestFinished(() => database.close());
  return openSqliteRecordStore({ database });
}

recordStoreSuite("the SQLite record store", () => openStore());

it("lets one of two processes at once create the record", async () => {
  const file = join(await temporaryFolder(), "test.sqlite");
  const [north, alsoNorth] = [await openStore(file), await openStore(file)];

  const puts = await Promise.all([
    north.putOnce(aRecord({ gradingId: "a" })),
    alsoNorth.putOnce(aRecord({ gradingId: "b" })),
  ]);

  expect(puts.filter(({ created }) => created)).toHaveLength(1);
  expect(await north.find(aRecord())).toEqual(await alsoNorth.find(aRecord()));
});
