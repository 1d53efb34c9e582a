import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The Chromium of this machine, or `undefined` where there is none. CI must have one. */
export const chromiumPath = process.env["CHROMIUM_PATH"] ?? CANDIDATES.find((path) => existsSync(path));

if (chromiumPath === undefined && process.env["CI"] === "true") throw new Error("the browser tests need a Chromium in CI");

/**
 * Starts it without the background traffic that a machine without a network refuses. Every name below example.test is this
 * machine, so that apps can be visited at hostnames of their own.
 */
export function launch(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      "--no-sandbox",
      "--host-resolver-rules=MAP *.example.test 127.0.0.1",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
