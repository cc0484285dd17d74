import { defineConfig } from "vitest/config";

const project = (name: string, testTimeout: number, globalSetup: string[] = []) => ({
  test: { name, include: [`tests/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, globalSetup },
});

// Inherited by the test workers, where tests open networks without a server that would forbid it.
process.env.ORT_DISABLE_TELEMETRY = "1";

export default defineConfig({
  test: {
    // Two cores: more workers only make the end-to-end tests wait for each other.
    maxWorkers: 2,
    projects: [
      project("unit", 30_000),
      project("contract", 30_000),
      project("architecture", 120_000),
      // Synthesis and bundling.
      project("infra", 300_000),
      project("golden", 120_000),
      project("e2e", 600_000, ["tests/builders/cloud-bundles.setup.ts"]),
    ],
  },
});
