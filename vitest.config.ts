import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/**
 * `unit`: code that runs in Node, some of it against a real PostgreSQL. `workers`: objects and everything else that needs
 * the Workers runtime, in workerd. `flows`: the whole local stack from outside, over HTTP and in a browser. `faults`: the same,
 * on a stack of its own whose processes are killed.
 */
const onStack = { globalSetup: ["tests/stack.ts"], fileParallelism: false, testTimeout: 120_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{shared,workers,dev,console}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.workers.test.ts", "**/node_modules/**"],
          globalSetup: ["tests/database/prepared-servers.ts"],
          // Many of them wait for a server: on two cores, one file at a time would leave a core idle.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // What waits for a server has no pace of its own.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./tests/workers/wrangler.toml" } })],
        test: { name: "workers", include: ["{shared,workers,durable-objects}/**/*.workers.test.ts"] },
      },
      { test: { ...onStack, name: "flows", include: ["tests/{flows,browser}/**/*.test.ts"] } },
      { test: { ...onStack, name: "faults", include: ["tests/faults/**/*.test.ts"] } },
    ],
  },
});
