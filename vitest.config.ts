import { defineConfig } from "vitest/config";

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`tests/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
});

export default defineConfig({
  test: {
    // Two cores: more workers only make the end-to-end tests wait for each other.
    maxWorkers: 2,
    projects: [
      project("unit", 30_000),
      project("contract", 30_000),
      project("architecture", 120_000),
      project("golden", 120_000),
      project("e2e", 600_000),
    ],
  },
});
