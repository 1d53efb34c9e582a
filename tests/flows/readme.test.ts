import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { apiKey, signUp, stack } from "./client.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The shell code under a heading of the README. */
function codeUnder(heading: string): string {
  const readme = readFileSync(`${ROOT}README.md`, "utf8");
  const code = /```sh\n([\s\S]*?)```/.exec(readme.slice(readme.indexOf(`## ${heading}`)))?.[1];
  if (code === undefined) throw new Error(`the README has no code under "${heading}"`);
  return code;
}

it("does what the README says", async () => {
  const member = await signUp();
  const key = await apiKey(member, ["apps:create", "apps:publish"]);
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", codeUnder("An app in two requests")], {
    cwd: ROOT,
    env: {
      ...process.env,
      AGENTFLOW: stack().api,
      WORKSPACE: member.workspace.id,
      KEY: key.Authorization.replace("Bearer ", ""),
    },
  });
  expect(stdout).toContain("event: node.delta");
  expect(stdout).toContain('"status":"completed"');
});
