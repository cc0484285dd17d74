import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { lockFolder } from "../../adapters/local/folder-lock.ts";
import { temporaryFolder } from "./builders.ts";

it("gives a folder to one at a time", async () => {
  const folder = join(await temporaryFolder(), "new", "data");
  const first = await lockFolder(folder);

  const second = lockFolder(folder);

  await expect(second).rejects.toMatchObject({
    code: "DATA_FOLDER_IN_USE",
    retryable: false,
    message: `The folder ${folder} is in use by another Blastograde; stop that one, or choose another folder.`,
  });
  first.release();
  (await lockFolder(folder)).release();
});

it("keeps a folder from other processes, and frees it when its process is killed", async () => {
  const folder = await temporaryFolder();
  const script = `import { lockFolder } from ${JSON.stringify(resolve("adapters/local/folder-lock.ts"))};
    globalThis.lock = await lockFolder(${JSON.stringify(folder)});
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void other.kill("SIGKILL"));
  await once(other.stdout, "data");

  await expect(lockFolder(folder)).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
  other.kill("SIGKILL");
  await once(other, "exit");

  (await lockFolder(folder)).release();
});

it("makes the folder for this user's eyes only", async () => {
  const folder = join(await temporaryFolder(), "data");

  const lock = await lockFolder(folder);

  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, "lock.sqlite"))).mode & 0o777).toBe(0o600);
  lock.release();
});

it("says what is wrong with a folder that cannot be made", async () => {
  const file = join(await temporaryFolder(), "a file");
  await writeFile(file, "");

  for (const folder of [file, join(file, "data")]) {
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: expect.stringContaining("a file lies where a folder has to be"),
    });
  }
});
