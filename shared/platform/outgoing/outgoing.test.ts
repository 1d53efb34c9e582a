import { describe, expect, it } from "vitest";
import { checkAddress } from "./address.ts";
import { readPolicy } from "./policy.ts";

const policy = readPolicy({});

describe("an address that a user gave", () => {
  it.each([
    "https://example.com/path?x=1",
    "https://EXAMPLE.com./",
    "http://8.8.8.8/",
    "https://[2606:4700:4700::1111]/",
    "https://sub.example.co.uk:8443/",
    "http://example.com:8080/",
    "http://172.32.0.1/",
    "http://[64:ff9b::808:808]/",
    "https://bücher.example/",
    "  https://example.com/ \n",
    "https://example.com/@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com#@127.0.0.1/",
    "https://127.0.0.1.example.com/",
  ])("may be %j", (text) => {
    expect(checkAddress(text, undefined, policy).href).toMatch(/^https?:\/\/[^@]+/);
  });

  it.each([
    // IPv4 in all spellings
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1../",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0X7F.0x0.0x0.0x1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0.0.0.0/",
    "http://0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://3232235777/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xA9FEA9FE/",
    "http://0251.0376.0251.0376/",
    "http://168.63.129.16/metadata/",
    "http://192.0.0.192/opc/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://%31%32%37.0.0.1/",
    // other digits and dots
    "http://①②⑦.0.0.1/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://local\u00adhost/",
    // IPv6
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::FFFF:a9fe:a9fe]/",
    "http://[0:0:0:0:0:ffff:10.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::808:808]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:c0a8:101::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fd00::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[::1%25lo]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[100::1]/",
    // names of no public DNS
    "http://localhost/",
    "http://LOCALHOST./",
    "http://localhost../",
    "http://.localhost/",
    "http://app.localhost:3000/",
    "http://printer/",
    "http://metadata/computeMetadata/v1/",
    "http://metadata.google.internal/",
    "http://metadata.google.internal./",
    "http://router.local/",
    "http://nas.home.arpa/",
    "http://kubernetes.default.svc.cluster.local/",
    "http://wiki.corp/",
    // credentials and tricks with them
    "https://user:secret@example.com/",
    "https://user@example.com/",
    "https://:secret@example.com/",
    "http://example.com@127.0.0.1/",
    "http://example.com%40@127.0.0.1/",
    "http://example.com:80@127.0.0.1/",
    "http://127.0.0.1:80\\@example.com/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/",
    // slashes, tabs and newlines
    "http:\\\\127.0.0.1\\",
    "http:127.0.0.1",
    "http:/127.0.0.1/",
    "http:////127.0.0.1/",
    "http://127.0.\t0.1/",
    "ht\ntp://127.0.0.1/",
    "http://local\r\nhost/",
    " http://127.0.0.1/ ",
    // other schemes
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com:70/_x",
    "javascript:alert(1)",
    "data:text/plain,x",
    "blob:https://example.com/x",
    "ws://example.com/",
    "java\nscript:alert(1)",
    // ports of other services
    "http://example.com:0/",
    "http://example.com:22/",
    "http://example.com:25/",
    "https://example.com:110/",
    "https://example.com:465/",
    "https://example.com:3306/",
    "https://example.com:5432/",
    "http://example.com:6379/",
    "http://example.com:9200/",
    "http://example.com:11211/",
    "http://example.com:27017/",
    "http://8.8.8.8:53/",
    "http://example.com:65536/",
    // no address at all
    "//example.com/",
    "example.com",
    "not an address",
    "http://",
    "http://exa mple.com/",
    "",
    `https://example.com/${"x".repeat(16_384)}`,
  ])("may not be %j", (text) => {
    expect(() => checkAddress(text, undefined, policy)).toThrow(expect.objectContaining({ code: "validation_failed" }));
  });

  it("is read relative to the one that redirected to it", () => {
    const base = new URL("https://example.com/a/b");
    expect(checkAddress("../c", base, policy).href).toBe("https://example.com/c");
    expect(() => checkAddress("//127.0.0.1/", base, policy)).toThrow("Only public addresses");
  });
});

describe("operators' settings", () => {
  it("open exactly the exceptions", () => {
    const open = readPolicy({ OUTGOING_ALLOW: "127.0.0.1:9000, LOCALHOST:80,[::1]:5432,10.0.0.7, intranet.corp." });
    const opened = (text: string) => checkAddress(text, undefined, open).host;
    expect(opened("http://127.0.0.1:9000/x")).toBe("127.0.0.1:9000");
    expect(opened("http://2130706433:9000/x")).toBe("127.0.0.1:9000");
    expect(opened("http://localhost/x")).toBe("localhost");
    expect(opened("http://localhost./x")).toBe("localhost.");
    expect(opened("http://[0:0::1]:5432/")).toBe("[::1]:5432");
    expect(opened("https://10.0.0.7/")).toBe("10.0.0.7");
    expect(opened("https://10.0.0.7:8443/")).toBe("10.0.0.7:8443");
    expect(opened("http://intranet.corp/")).toBe("intranet.corp");
    for (const closed of [
      "http://127.0.0.1:9001/",
      "https://localhost/",
      "http://[::1]/",
      "http://10.0.0.7:5432/",
      "http://a.intranet.corp/",
    ]) {
      expect(() => opened(closed)).toThrow(expect.objectContaining({ code: "validation_failed" }));
    }
    expect(() => checkAddress("http://user@127.0.0.1:9000/", undefined, open)).toThrow("Credentials");
  });

  it("leave only the hosts that are named", () => {
    const only = readPolicy({ OUTGOING_HOSTS: "api.example.com, *.Example.org", OUTGOING_ALLOW: "127.0.0.1:9000" });
    const called = (text: string) => checkAddress(text, undefined, only).hostname;
    expect(called("https://api.example.com/")).toBe("api.example.com");
    expect(called("https://a.b.example.org./")).toBe("a.b.example.org.");
    for (const other of ["https://example.com/", "https://example.org/", "https://badexample.org/", "http://127.0.0.1:9000/"]) {
      expect(() => called(other)).toThrow("not among those");
    }
  });

  it.each(["http://x.example", "a b", "user@x.example", "x.example/path", "x:99999"])("refuse the exception %j", (OUTGOING_ALLOW) => {
    expect(() => readPolicy({ OUTGOING_ALLOW })).toThrow("OUTGOING_ALLOW");
  });
});
