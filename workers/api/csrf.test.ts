import { describe, expect, it } from "vitest";
import { refuseForeignOrigin } from "./csrf.ts";

const env = {
  API_ORIGIN: "https://api.example.test",
  CONSOLE_ORIGIN: "https://console.example.test",
  PLATFORM_HOSTS: "other.example.test, ",
};
const send = (method: string, headers: Record<string, string>) => () =>
  refuseForeignOrigin(new Request("https://api.example.test/api/v1/apps", { method, headers }), env);

describe("a change", () => {
  it.each(["https://api.example.test", "https://console.example.test", "https://other.example.test"])("is accepted from %s", (Origin) => {
    expect(send("POST", { Origin })).not.toThrow();
  });

  it.each([
    "https://evil.test",
    "http://api.example.test",
    "https://api.example.test.evil.test",
    "https://api.example.test:444",
    "null",
    "",
  ])("is refused from %j", (Origin) => {
    expect(send("POST", { Origin })).toThrow("platform's own pages");
    expect(send("DELETE", { Origin, "Sec-Fetch-Site": "same-origin" })).toThrow();
  });

  it("is refused when the browser names another site, and accepted from a client that is no browser", () => {
    expect(send("PUT", { "Sec-Fetch-Site": "cross-site" })).toThrow();
    expect(send("PUT", { "Sec-Fetch-Site": "same-site" })).toThrow();
    expect(send("PUT", { "Sec-Fetch-Site": "none" })).not.toThrow();
    expect(send("PATCH", {})).not.toThrow();
  });

  it("is what opening a socket counts as, which a page could read", () => {
    const Upgrade = "websocket";
    expect(send("GET", { Upgrade, Origin: "https://evil.test" })).toThrow("platform's own pages");
    expect(send("GET", { Upgrade: "WebSocket", "Sec-Fetch-Site": "cross-site" })).toThrow();
    expect(send("GET", { Upgrade, Origin: "https://console.example.test" })).not.toThrow();
    expect(send("GET", { Upgrade })).not.toThrow();
  });

  it("needs no origin with a key, and reading never does", () => {
    expect(send("POST", { Origin: "https://evil.test", Authorization: "Bearer afk_x" })).not.toThrow();
    expect(send("GET", { Origin: "https://evil.test" })).not.toThrow();
  });
});
