import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../api/testing/platform.ts";
import { type Site, startSite } from "./testing/site.ts";

let site: Site;
let owner: Person;
let appId: string;
let domainId: string;
let versions: string[];

const HOST = "http://pinned.example.test:8787";
const app = (route: string, body?: unknown) => {
  const [method, path] = route.split(" ");
  return site.call(`${method} /api/v1/apps/${appId}${path}`, { as: owner.as, ...(body === undefined ? {} : { body }) });
};
const json = async (address: string) =>
  (await (await site.visit(address)).json()) as { data: { version: number; name: string; description: string } };

beforeAll(async () => {
  site = await startSite();
  owner = await site.signUp("Owner");
  appId = await site.publish(owner, "desk", { access_mode: "public_anonymous" });
  const manifest = (await app("GET /manifest")).body.data;
  await app("PUT /draft", { ...manifest, description: "The second." });
  await app("POST /publish", {});
  versions = (await app("GET /versions")).body.data.map(({ id }: { id: string }) => id).toReversed();
  await site.bind(owner, appId, "pinned.example.test");
  domainId = (await app("GET /domains")).body.data[0].id;
}, 60_000);
afterAll(() => site.stop());

describe("a host that is pinned to a version", () => {
  it("serves it while everybody else gets the newest, and the newest again once it is let loose", async () => {
    const pinned = await app(`POST /domains/${domainId}/activate`, { version_id: versions[0] });
    expect([pinned.status, pinned.body.data.version_id]).toEqual([200, versions[0]]);
    expect((await json(`${HOST}/schema`)).data).toMatchObject({ version: 1, description: "" });
    const { workspaceSlug } = await slugs();
    expect((await json(`/${workspaceSlug}/desk/schema`)).data).toMatchObject({ version: 2, description: "The second." });
    const page = await site.visit(HOST, { headers: { Accept: "text/html" } });
    expect([page.status, (await page.text()).includes("The second.")]).toEqual([200, false]);
  });

  it("is as shut as its app", async () => {
    const other = await site.publish(owner, "closed", { access_mode: "public_anonymous" });
    const call = (route: string, body: unknown) => site.call(`POST /api/v1/apps/${other}${route}`, { as: owner.as, body });
    await site.bind(owner, other, "closed.example.test");
    const { body } = await site.call(`GET /api/v1/apps/${other}/domains`, { as: owner.as });
    const listed = await site.call(`GET /api/v1/apps/${other}/versions`, { as: owner.as });
    expect((await call(`/domains/${body.data[0].id}/activate`, { version_id: listed.body.data[0].id })).status).toBe(200);
    await call("/unpublish", {});
    expect((await site.visit("http://closed.example.test:8787/schema")).status).toBe(410);
  });
});

async function slugs() {
  const { body } = await site.call(`GET /api/v1/workspaces/${owner.workspaceId}`, { as: owner.as });
  return { workspaceSlug: body.data.slug as string };
}
