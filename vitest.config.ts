import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/**
 * `unit`: pure code in Node. `workers`: objects and everything that needs the Workers runtime, in workerd. `flows`: the
 * production bundle with real PostgreSQL. `browser`: the whole local stack, through Chromium.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{shared,workers,dev,console}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.workers.test.ts", "**/node_modules/**"],
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./tests/workers/wrangler.toml" } })],
        test: { name: "workers", include: ["{shared,workers,durable-objects}/**/*.workers.test.ts"] },
      },
      {
        test: { name: "flows", include: ["tests/flows/**/*.test.ts"], fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 },
      },
      {
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
