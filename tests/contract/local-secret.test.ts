import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadOrCreateSecret } from "../../adapters/local/local-secret.ts";
import { temporaryFolder } from "./builders.ts";

it("makes one secret, for this user's eyes only, and keeps it", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "state", "secret");

  const secrets = await Promise.all([1, 2, 3, 4].map(() => loadOrCreateSecret({ file })));
  const later = await loadOrCreateSecret({ file });

  expect(later).toHaveLength(32);
  for (const secret of secrets) expect(secret).toEqual(later);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, "state"))).toEqual(["secret"]);
});

it("makes another secret elsewhere", async () => {
  const first = await loadOrCreateSecret({ file: join(await temporaryFolder(), "secret") });
  const second = await loadOrCreateSecret({ file: join(await temporaryFolder(), "secret") });

  expect(first).not.toEqual(second);
});

it("signs with no file that is not a secret", async () => {
  const file = join(await temporaryFolder(), "secret");
  await writeFile(file, "short");

  const loading = loadOrCreateSecret({ file });

  await expect(loading).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", message: expect.stringContaining(file) });
});
