import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./shared/platform/schema.ts",
  out: "./migrations/platform",
});
