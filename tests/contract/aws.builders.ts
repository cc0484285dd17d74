import { afterAll, beforeAll, onTestFinished, vi } from "vitest";
import { type CloudServers, startCloudServers } from "../builders/cloud-servers.ts";
import { type ScriptedAws, startScriptedAws } from "../builders/scripted-aws.ts";

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

/** A server for one test that answers as the test says; the SDK's waits between its tries are left out. */
export async function usingScriptedAws(): Promise<ScriptedAws> {
  const aws = await startScriptedAws();
  for (const [name, value] of Object.entries(aws.environment)) vi.stubEnv(name, value);
  const jitter = vi.spyOn(Math, "random").mockReturnValue(0);
  onTestFinished(async () => {
    jitter.mockRestore();
    vi.unstubAllEnvs();
    await aws.close();
  });
  return aws;
}
