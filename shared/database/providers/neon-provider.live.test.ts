import { neon } from "@neondatabase/serverless";
import { describe, expect, it, vi } from "vitest";
import { systemClock, systemRandom } from "#platform/clock";
import { createNeonDriver } from "../engines/postgres/neon-driver.ts";
import { createNeonProvider } from "./neon-provider.ts";
import { createPostgresRoles } from "./postgres-roles.ts";

const apiKey = process.env["NEON_API_KEY"];
const PATIENCE = { timeout: 120_000, interval: 2_000 };

/** Makes one project in the account of NEON_API_KEY (of NEON_ORG_ID, where there is one), and deletes it. */
describe.skipIf(apiKey === undefined)("Neon itself", () => {
  it("makes a database, lets both roles in, and destroys it", { timeout: 300_000 }, async () => {
    const roles = createPostgresRoles(createNeonDriver({ SQL_GATEWAY_ORIGIN: "" }));
    const account = { apiKey: apiKey ?? "", orgId: process.env["NEON_ORG_ID"] };
    const provider = createNeonProvider({ ...account, roles, clock: systemClock, random: systemRandom });
    const name = `ws_live_${Date.now().toString(36)}`;
    const draft = { generation: 1, password: crypto.randomUUID().replaceAll("-", "") };
    const target = { name, region: "weur", reference: null };
    try {
      const known = { ...target, ...(await provider.create(target)) };
      expect(await provider.create(target)).toEqual({ reference: known.reference });
      await vi.waitUntil(async () => (await provider.status(known)) === "ready", PATIENCE);
      const owner = neon(provider.address(known, await provider.issue(known, "owner", draft)));
      const runtime = neon(provider.address(known, await provider.issue(known, "runtime", draft)));
      await owner.query("CREATE TABLE leads (id int)");
      await runtime.query("INSERT INTO leads VALUES (1)");
      expect(await runtime.query("SELECT id FROM leads")).toEqual([{ id: 1 }]);
      await provider.suspend(known);
      expect(await provider.status(known)).toBe("suspended");
    } finally {
      await provider.destroy(target);
    }
    expect(await provider.status(target)).toBe("absent");
  });
});
