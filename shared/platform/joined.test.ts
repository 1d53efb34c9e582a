import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { joined } from "./joined.ts";

describe("joined", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("settles as the other promise does, and is another", async () => {
    const theirs = Promise.resolve("done");
    const own = joined(theirs);
    expect(own).not.toBe(theirs);
    expect(await own).toBe("done");
    await expect(joined(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("does not wait for ever for a request that is gone", async () => {
    vi.useFakeTimers();
    const refused = expect(joined(new Promise(() => undefined))).rejects.toMatchObject({ code: "upstream_unavailable" });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
  });
});

/**
 * Three requests wait for a promise of nobody's, a fourth settles it; then each reads its own body. V8's own syntax has `joined`
 * compiled to machine code, as it is under load.
 */
const SCRIPT = `
  import { joined } from "./joined.js";
  const gate = Promise.withResolvers();
  let waiting = 0;
  async function compile() {
    %PrepareFunctionForOptimization(joined);
    for (let call = 0; call < 100; call += 1) await joined(Promise.resolve());
    %OptimizeFunctionOnNextCall(joined);
    await joined(Promise.resolve());
  }
  const answers = {
    "/compile": () => compile(),
    "/settle": async () => {
      while (waiting < 3) await scheduler.wait(1);
      gate.resolve();
    },
    "/wait": async (request) => {
      waiting += 1;
      await joined(gate.promise);
      return request.text();
    },
  };
  export default {
    async fetch(request) {
      return new Response(await answers[new URL(request.url).pathname](request));
    },
  };
`;

describe("joined, compiled, in the Workers runtime", () => {
  let worker: Miniflare;

  beforeAll(async () => {
    const { outputFiles } = await build({ entryPoints: [`${import.meta.dirname}/joined.ts`], bundle: true, format: "esm", write: false });
    const bundled = outputFiles.map(({ text }) => text).join("");
    vi.stubEnv("MINIFLARE_WORKERD_V8_FLAGS", "--allow-natives-syntax");
    worker = new Miniflare(
      convertV4MiniflareOptions({
        modules: [
          { type: "ESModule", path: "index.js", contents: SCRIPT },
          { type: "ESModule", path: "joined.js", contents: bundled },
        ],
        compatibilityDate: "2026-10-01",
      }),
    );
    await worker.ready;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await worker.dispose();
  });

  it("has each request go on as itself", async () => {
    await worker.dispatchFetch("http://worker/compile");
    const waiting = ["one", "two", "three"].map(async (body) => {
      const response = await worker.dispatchFetch("http://worker/wait", { method: "POST", body });
      return response.text();
    });
    await worker.dispatchFetch("http://worker/settle");
    expect(await Promise.all(waiting)).toEqual(["one", "two", "three"]);
  });
});
