import { describe, expect, it } from "vitest";
import { publicAddress } from "./http-guard.ts";

const none: ReadonlySet<string> = new Set();

describe("publicAddress", () => {
  it.each([
    "https://example.com/path?x=1",
    "http://8.8.8.8/",
    "https://[2606:4700:4700::1111]/",
    "https://sub.example.co.uk:8443/",
    "http://172.32.0.1/",
    "http://[64:ff9b::808:808]/",
  ])("allows %s", (text) => {
    expect(publicAddress(text, undefined, none).href).toContain("://");
  });

  it.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0.0.0.0/",
    "http://0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://app.localhost:3000/",
    "http://printer/",
    "http://metadata.google.internal/",
    "http://router.local/",
    "http://①②⑦.0.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "https://user:secret@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "not an address",
    "",
  ])("refuses %s", (text) => {
    expect(() => publicAddress(text, undefined, none)).toThrow(expect.objectContaining({ code: "node_failed" }));
  });

  it("opens exactly the exceptions", () => {
    const exceptions = new Set(["127.0.0.1:9000", "localhost:80"]);
    expect(publicAddress("http://127.0.0.1:9000/x", undefined, exceptions).port).toBe("9000");
    expect(publicAddress("http://localhost/x", undefined, exceptions).hostname).toBe("localhost");
    expect(() => publicAddress("http://127.0.0.1:9001/x", undefined, exceptions)).toThrow();
    expect(() => publicAddress("http://localhost:8080/x", undefined, exceptions)).toThrow();
  });
});
