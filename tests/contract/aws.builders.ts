import { afterAll, beforeAll, vi } from "vitest";
import { type CloudServers, startCloudServers } from "../builders/cloud-servers.ts";

/** Starts the cloud's servers for all tests of a file, which the SDK then finds in this process's environment. */
export function usingCloudServers(options: { now?: () => Date } = {}): () => CloudServers {
  let servers: CloudServers;
  beforeAll(async () => {
    servers = await startCloudServers(options);
    for (const [name, value] of Object.entries(servers.environment)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await servers.close();
  });
  return () => servers;
}
