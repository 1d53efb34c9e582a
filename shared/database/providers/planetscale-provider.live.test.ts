import { Client } from "@planetscale/database";
import { describe, expect, it, vi } from "vitest";
import { systemClock, systemRandom } from "#platform/clock";
import { createPlanetscaleProvider } from "./planetscale-provider.ts";

const tokenId = process.env["PLANETSCALE_SERVICE_TOKEN_ID"];
const token = process.env["PLANETSCALE_SERVICE_TOKEN"];
const organization = process.env["PLANETSCALE_ORG"];
const PATIENCE = { timeout: 600_000, interval: 5_000 };

/** Makes one database in PLANETSCALE_ORG, which costs what its cluster costs for these minutes, and deletes it. */
describe.skipIf(tokenId === undefined || token === undefined || organization === undefined)("PlanetScale itself", () => {
  it("makes a database, lets both roles in, and destroys it", { timeout: 900_000 }, async () => {
    const account = { tokenId: tokenId ?? "", token: token ?? "", organization: organization ?? "" };
    const provider = createPlanetscaleProvider({ ...account, clock: systemClock, random: systemRandom });
    const draft = { generation: 1, password: "" };
    const target = { name: `ws_live_${Date.now().toString(36)}`, region: "weur", reference: null };
    try {
      const known = { ...target, ...(await provider.create(target)) };
      expect(await provider.create(target)).toEqual({ reference: known.reference });
      await vi.waitUntil(async () => (await provider.status(known)) === "ready", PATIENCE);
      const owner = new Client({ url: provider.address(known, await provider.issue(known, "owner", draft)) });
      const runtime = new Client({ url: provider.address(known, await provider.issue(known, "runtime", draft)) });
      await owner.execute("CREATE TABLE leads (id int PRIMARY KEY)");
      await runtime.execute("INSERT INTO leads VALUES (1)");
      expect((await runtime.execute("SELECT id FROM leads")).rows).toEqual([{ id: 1 }]);
      await expect(runtime.execute("DROP TABLE leads")).rejects.toThrow();
    } finally {
      await provider.destroy(target);
    }
    expect(await provider.status(target)).toBe("absent");
  });
});
