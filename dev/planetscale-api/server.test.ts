import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mariadb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { startTestMysql } from "../../tests/database/prepared-servers.ts";
import { isMysqlAvailable, type MysqlServer } from "../mysql/server.ts";
import { type PlanetscaleApi, startPlanetscaleApi } from "./server.ts";

const passwordSchema = z.object({ id: z.string(), username: z.string(), plain_text: z.string().optional(), access_host_url: z.string() });

describe.skipIf(!isMysqlAvailable())("PlanetScale's API in front of MySQL", () => {
  let directory: string;
  let mysql: MysqlServer;
  let api: PlanetscaleApi;

  async function ask(method: string, path: string, body?: object, authorization = "id:secret") {
    const init = { method, headers: { authorization }, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${api.baseUrl}/organizations/acme/databases${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "planetscale-api-"));
    mysql = await startTestMysql(directory);
  }, 120_000);

  beforeEach(async () => {
    const account = { organization: "acme", tokenId: "id", token: "secret" };
    const { adminUrl } = mysql;
    api = await startPlanetscaleApi({
      port: 0,
      ...account,
      adminUrl,
      accessHost: new URL(adminUrl).host,
      time: "manual",
      databasesLimit: 2,
    });
    return () => api.close();
  });

  afterAll(async () => {
    await mysql?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("makes databases that are ready after a while, up to a limit", async () => {
    const body = { name: "shop", region: "eu-west", cluster_size: "PS_10" };
    expect(await ask("POST", "", body)).toMatchObject({
      status: 201,
      body: { name: "shop", state: "pending", region: { slug: "eu-west" } },
    });
    expect(await ask("POST", "", body)).toMatchObject({ status: 422, body: { code: "unprocessable" } });
    expect(await ask("POST", "", { ...body, name: "Not_allowed" })).toMatchObject({ status: 422 });
    expect(await ask("POST", "/shop/branches/main/passwords", { name: "early" })).toMatchObject({ status: 422 });
    api.clock.advance(5000);
    expect(await ask("GET", "/shop")).toMatchObject({ status: 200, body: { state: "ready", ready: true } });
    await ask("POST", "", { ...body, name: "second" });
    expect(await ask("POST", "", { ...body, name: "third" })).toMatchObject({ status: 422 });
    expect(await ask("GET", "?per_page=1")).toMatchObject({ body: { type: "list", next_page: 2, data: [{ name: "shop" }] } });
    expect(await ask("GET", "?per_page=1&page=2")).toMatchObject({ body: { next_page: null, prev_page: 1, data: [{ name: "second" }] } });
    expect(await ask("DELETE", "/shop")).toEqual({ status: 204, body: null });
    expect(await ask("DELETE", "/shop")).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await ask("GET", "/second", undefined, "id:wrong")).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    await ask("DELETE", "/second");
  });

  it("tells a password once, and gives it the privileges of its role until it is deleted", async () => {
    await ask("POST", "", { name: "shop", cluster_size: "PS_10" });
    api.clock.advance(5000);
    const enter = async (role: string) => {
      const made = passwordSchema.parse((await ask("POST", "/shop/branches/main/passwords", { name: role, role })).body);
      const [host, port] = made.access_host_url.split(":");
      const address = { user: made.username, password: made.plain_text ?? "", database: "shop" };
      return { id: made.id, open: () => createConnection({ host: host ?? "", port: Number(port), ...address }) };
    };
    const [admin, writer] = [await enter("admin"), await enter("readwriter")];
    const [schema, rows] = [await admin.open(), await writer.open()];
    await schema.query("CREATE TABLE orders (id int)");
    await rows.query("INSERT INTO orders VALUES (1)");
    await expect(rows.query("ALTER TABLE orders ADD COLUMN x int")).rejects.toThrow(/denied/);
    await expect(rows.query("SELECT * FROM mysql.user")).rejects.toThrow(/denied/);
    await schema.end();

    const listed = z.object({ data: z.array(passwordSchema) }).parse((await ask("GET", "/shop/branches/main/passwords")).body);
    expect(listed.data.map(({ plain_text }) => plain_text)).toEqual([undefined, undefined]);
    const ended = new Promise((resolve) => rows.on("error", resolve));
    expect(await ask("DELETE", `/shop/branches/main/passwords/${writer.id}`)).toMatchObject({ status: 204 });
    await ended;
    await expect(writer.open()).rejects.toThrow(/denied/);
    await ask("DELETE", "/shop");
    await expect(admin.open()).rejects.toThrow(/denied/);
  });
});
