import { describe, expect, test } from "vitest";
import { clientNetwork, networkName, networkNames } from "./client-network.ts";

describe("clientNetwork", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002:ffff::", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["not:an:address", "not:an:address"],
    ["1::2::3", "1::2::3"],
    ["", ""],
  ])("%s is limited as %s", (ip, network) => {
    expect(clientNetwork(ip)).toBe(network);
  });
});

describe("networkName", () => {
  const named = (ip: string, SESSION_KEYS = "k1:a2V5") => networkName({ env: { SESSION_KEYS } }, ip);

  test("is the same for a network, another for another, and another under another key", async () => {
    const [home, neighbour, stranger, rotated] = await Promise.all([
      named("2001:db8::1"),
      named("2001:db8::2"),
      named("2001:db8:0:1::1"),
      named("2001:db8::1", "k2:b3RoZXI=,k1:a2V5"),
    ]);
    expect(neighbour).toBe(home);
    expect(new Set([home, stranger, rotated]).size).toBe(3);
    expect(home).toMatch(/^[\w-]{24}$/);
  });

  test("is found again under every key that is still there", async () => {
    const old = await named("203.0.113.7");
    const rotated = await named("203.0.113.7", "k2:b3RoZXI=,k1:a2V5");
    expect(await networkNames({ env: { SESSION_KEYS: "k2:b3RoZXI=,k1:a2V5" } }, "203.0.113.7")).toEqual([rotated, old]);
  });
});
