import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPortFree, listen } from "../listen.ts";
import { devVars, writeDevVars } from "./dev-vars.ts";
import { loadInnerPorts, requireFreePorts } from "./ports.ts";
import { generateSecrets, loadSecrets } from "./secrets.ts";
import { readSettings } from "./settings.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stack-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe("settings", () => {
  it("have defaults for everything, and take an empty variable for an absent one", () => {
    expect(readSettings({ AGENTFLOW_PORT: "", OPENAI_API_KEY: "" })).toMatchObject({
      port: 8787,
      consolePort: 8788,
      home: expect.stringMatching(/\/\.agentflow$/),
      seed: "demo",
      model: null,
      databaseUrl: null,
      mysqlUrl: null,
    });
  });

  it("use a live model when there is a key", () => {
    expect(readSettings({ OPENAI_API_KEY: "sk-1" }).model).toEqual({
      baseUrl: "https://api.openai.com/v1",
      apiKey: "sk-1",
      name: "gpt-5-mini",
    });
  });

  it("mean Cloudflare's own API only where everything for it is there", () => {
    const all = { CLOUDFLARE_API_TOKEN: "t", CLOUDFLARE_ZONE_ID: "z", DOMAIN_TARGET: "customers.agentflow.dev" };
    expect(readSettings(all).cloudflare).toEqual({ token: "t", zoneId: "z", target: "customers.agentflow.dev" });
    expect(readSettings({ ...all, CLOUDFLARE_ZONE_ID: "" }).cloudflare).toBeNull();
  });

  it("name every variable that cannot be used", () => {
    expect(() => readSettings({ AGENTFLOW_PORT: "http", AGENTFLOW_SEED: "lots", DATABASE_URL: "here" })).toThrow(
      /AGENTFLOW_PORT.*\nAGENTFLOW_SEED.*\nDATABASE_URL/,
    );
    expect(() => readSettings({ AGENTFLOW_PORT: "9000", AGENTFLOW_CONSOLE_PORT: "9000" })).toThrow(/must differ/);
  });
});

describe("secrets", () => {
  it("are made once for a home, as keys of 32 bytes", async () => {
    const first = await loadSecrets(join(directory, "home"));
    expect(await loadSecrets(join(directory, "home"))).toEqual(first);
    expect(await loadSecrets(join(directory, "other"))).not.toEqual(first);
    const [version, key = ""] = first.ENVELOPE_KEYS.split(":");
    expect(version).toBe("1");
    expect(Buffer.from(key, "base64")).toHaveLength(32);
  });
});

describe("the Worker's variables", () => {
  it("name both ports by both names of this machine, and keep signs that dotenv would read", async () => {
    const model = { baseUrl: "http://127.0.0.1:1/v1", apiKey: "offline", name: "offline-model", kind: "offline" } as const;
    const vars = devVars(
      {
        port: 1000,
        consolePort: 1001,
        databaseUrl: "postgresql://u:p$x#y@h/d",
        adminUrl: "a",
        gatewayOrigin: "g",
        dnsAddress: "d",
        turnstileOrigin: "t",
        outgoingAllow: "",
        domains: { apiOrigin: "c", zoneId: "z", target: "customers.test", resolvers: ["r1", "r2"] },
        model,
      },
      generateSecrets(),
    );
    expect(vars["DOMAIN_RESOLVERS"]).toBe("r1,r2");
    expect(vars["PLATFORM_HOSTS"]).toBe("127.0.0.1:1000,localhost:1000,127.0.0.1:1001,localhost:1001");
    await writeDevVars(join(directory, "dev.vars"), vars);
    expect(await readFile(join(directory, "dev.vars"), "utf8")).toContain("DATABASE_URL='postgresql://u:p\\$x#y@h/d'\n");
  });
});

describe("ports", () => {
  it("stay the same from start to start, unless they are taken", async () => {
    const first = await loadInnerPorts(directory);
    expect(await loadInnerPorts(directory)).toEqual(first);
    const thief = createServer();
    await listen(thief, first.gateway);
    const second = await loadInnerPorts(directory);
    expect(second).toEqual({ ...first, gateway: expect.not.closeTo(first.gateway, 0) });
    thief.close();
  });

  it("that the user chose must be free, and the message says which is not", async () => {
    const server = createServer();
    const port = await listen(server, 0);
    expect(await isPortFree(port)).toBe(false);
    await expect(requireFreePorts({ AGENTFLOW_PORT: port }, false)).rejects.toThrow(
      `Port ${port} is taken by another program. Stop it, or choose another port with AGENTFLOW_PORT.`,
    );
    server.close();
  });
});
