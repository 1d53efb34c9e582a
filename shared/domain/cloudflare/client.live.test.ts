import { describe, expect, it } from "vitest";
import { DomainsWorld } from "../../../workers/api/testing/domains.ts";
import { customHostnames } from "./client.ts";
import { certificateMeaning, hostnameMeaning } from "./statuses.ts";

const token = process.env["CLOUDFLARE_API_TOKEN"];
const zone = process.env["CLOUDFLARE_ZONE_ID"];
/** A name that the account may use; Cloudflare refuses names that are reserved for tests. */
const suffix = process.env["CLOUDFLARE_TEST_DOMAIN"] ?? "agentflow-live-test.com";

/** Makes one custom hostname in the zone of CLOUDFLARE_ZONE_ID, and deletes it. */
describe.skipIf(token === undefined || zone === undefined)("Cloudflare itself", () => {
  it("makes a custom hostname, finds it, has it validated again, and deletes it", { timeout: 120_000 }, async () => {
    const world = await DomainsWorld.start();
    world.set({
      CLOUDFLARE_API_ORIGIN: "https://api.cloudflare.com/client/v4",
      CLOUDFLARE_API_TOKEN: token ?? "",
      CLOUDFLARE_ZONE_ID: zone ?? "",
    });
    const api = customHostnames(world.platform.context());
    if (api === null) throw new Error("the deployment is not set up");
    const hostname = `live-${Date.now().toString(36)}.${suffix}`;
    let id: string | null = null;
    try {
      expect(await api.quota()).toMatchObject({ kind: "done", value: { allocated: expect.any(Number) } });
      const created = await api.create(hostname, "txt");
      if (created.kind === "refused") throw new Error(created.detail);
      id = created.value.id;
      const found = await api.find(hostname);
      expect(found).toMatchObject({ kind: "done", value: { id, hostname } });
      expect(await api.create(hostname, "txt")).toMatchObject({ kind: "refused", why: "duplicate" });
      const { status, ssl } = created.value;
      expect([hostnameMeaning(status), certificateMeaning(ssl?.status ?? "initializing")]).not.toContain(null);
      expect(await api.refresh(id, "http")).toMatchObject({ kind: "done", value: { id } });
    } finally {
      if (id !== null) await api.remove(id);
      await world.stop();
    }
    expect(
      (
        await fetch(`https://api.cloudflare.com/client/v4/zones/${zone}/custom_hostnames/${id}`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status,
    ).toBe(404);
  });
});
