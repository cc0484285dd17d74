import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { assetFolder } from "../../adapters/system/asset-folder.ts";
import { temporaryFolder } from "./builders.ts";

async function folderWithAsset() {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "assets", "a-1.css"), "body {}");
  await writeFile(join(folder, "secret"), "not for others");
  return assetFolder(pathToFileURL(`${join(folder, "assets")}/`));
}

it("reads a file by its name", async () => {
  const asset = await folderWithAsset();

  expect(new TextDecoder().decode((await asset("a-1.css"))!)).toBe("body {}");
});

it.each(["missing.css", "../secret", "..", ".", "", "%2e%2e/secret", "file:///etc/passwd", "a/b"])(
  "has no file of the name %j",
  async (name) => {
    const asset = await folderWithAsset();

    expect(await asset(name)).toBeNull();
  },
);
