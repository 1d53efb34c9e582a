import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { InputDeclaration } from "#execution";
import { createContext } from "#platform/context";
import type { Env as PlatformEnv } from "#platform/env";
import { errorCode } from "#platform/errors";
import { referToFiles } from "./references.ts";
import { deleteExpiredUploads } from "./sweep.ts";
import { checkFile, storeFile, uploadName } from "./upload.ts";

declare global {
  namespace Cloudflare {
    interface Env extends PlatformEnv {}
  }
}

const ctx = createContext(env, { waitUntil: () => undefined });
const WORKSPACE = "wrk_files";
const owner = { appId: "app_1", owner: "vis_1" };
const reader = { appId: "app_1", owners: ["key_1", "vis_1"] };

async function upload(name: string, content: string, declared = "text/plain") {
  const file = await checkFile(ctx, { name, declared, bytes: new Uint8Array(new TextEncoder().encode(content)) });
  return storeFile(ctx, WORKSPACE, owner, file);
}

function refer(value: unknown, declaration: Partial<InputDeclaration> = {}, who = reader, workspace = WORKSPACE) {
  return referToFiles(ctx, workspace, who, [{ name: "paper", type: "file", ...declaration }], { paper: value, other: 1 });
}

describe("uploads", () => {
  it("are given to a run by reference, with the type that their bytes have", async () => {
    const { id, ...file } = await upload("../Über/価格 100%.csv", "a,b\n", "");
    expect(file).toEqual({ name: "価格 100%.csv", type: "text/csv", size: 4 });
    const expected = { inputs: { paper: { id, ...file }, other: 1 }, files: [id] };
    expect(await refer(id)).toEqual(expected);
    expect(await refer({ id, name: "another.exe", size: 1e9 })).toEqual(expected);
    const stored = await env.FILES.get(uploadName(id));
    expect(await stored?.text()).toBe("a,b\n");
    expect(stored?.httpMetadata?.contentType).toBe("text/csv");
  });

  it("are unknown to other visitors, apps and workspaces", async () => {
    const { id } = await upload("a.txt", "x");
    const attempts = [
      refer(id, {}, { ...reader, owners: ["vis_2"] }),
      refer(id, {}, { ...reader, appId: "app_2" }),
      refer(id, {}, reader, "wrk_other"),
      refer(ctx.newId("file")),
    ];
    for (const attempt of attempts) {
      const error = await attempt.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "validation_failed", faults: [{ path: "inputs.paper", code: "unknown_file" }] });
    }
  });

  it("have to be what the input takes", async () => {
    const { id } = await upload("a.txt", "four");
    expect(await refer(id, { accept: ["text/*"], max_size: 4 })).toMatchObject({ files: [id] });
    await expect(refer(id, { accept: ["image/*"] })).rejects.toMatchObject({ faults: [{ code: "unsupported_file" }] });
    await expect(refer(id, { max_size: 3 })).rejects.toMatchObject({ faults: [{ code: "too_large" }] });
  });

  it("are refused when they are too large, or not what they say", async () => {
    const large = { name: "a.txt", declared: "", bytes: new Uint8Array(10 * 1024 * 1024 + 1).fill(97) };
    expect(await checkFile(ctx, large).catch(errorCode)).toBe("payload_too_large");
    expect(await upload("a.png", "text", "image/png").catch(errorCode)).toBe("unsupported_media_type");
  });

  it("that no run took are deleted after a day", async () => {
    const { id } = await upload("a.txt", "x");
    const at = (hours: number) => createContext(env, { waitUntil: () => undefined, clock: { now: () => Date.now() + hours * 3_600_000 } });
    await deleteExpiredUploads(at(23));
    expect(await env.FILES.head(uploadName(id))).not.toBeNull();
    await deleteExpiredUploads(at(25));
    expect(await env.FILES.head(uploadName(id))).toBeNull();
  });
});
