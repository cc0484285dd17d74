import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { StorageUnavailable } from "../../core/errors.ts";
import type { AfterDurableWrite } from "./durable-write.ts";
import { onDisk, systemCode } from "./folder-failure.ts";

const SECRET_BYTES = 32;

/**
 * Reads the secret that upload forms are signed with, and makes it at the first start: forms handed out before a restart
 * stay valid after it.
 */
export async function loadOrCreateSecret(options: {
  file: string;
  afterWrite?: AfterDurableWrite | undefined;
}): Promise<Uint8Array> {
  const file = resolve(options.file);
  const found = await onDisk(dirname(file), "give its secret", () => readSecret(file));
  if (found) return found;

  const made = await onDisk(dirname(file), "keep a secret", () => createSecret(file));
  if (made) options.afterWrite?.("secret.create");
  // Read again, not returned: another process may have been first.
  const secret = await onDisk(dirname(file), "give its secret", () => readSecret(file));
  if (!secret) throw new StorageUnavailable(`The secret ${file} vanished while it was made.`);
  return secret;
}

async function readSecret(file: string): Promise<Uint8Array | null> {
  try {
    const secret = await readFile(file);
    if (secret.length !== SECRET_BYTES) throw new Error(`${file} is no secret of ${SECRET_BYTES} bytes; remove it`);
    return new Uint8Array(secret);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

async function createSecret(file: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(randomBytes(SECRET_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
