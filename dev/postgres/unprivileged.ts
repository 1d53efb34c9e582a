import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** How to run a program of PostgreSQL, which refuses to be root. */
export interface Runner {
  /** Owner of the data folder; `null`: we ourselves. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  command(program: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] };
}

/** Present in every distribution, so that no account has to be made. */
const NOBODY = { uid: 65534, gid: 65534 };

/**
 * As root, PostgreSQL runs as `nobody`. The capability to pass folders closed to others comes along, because a clone may lie
 * in root's own home or in a private temporary folder.
 */
export async function unprivilegedRunner(): Promise<Runner> {
  if (process.getuid?.() !== 0) return { owner: null, command: (command, args) => ({ command, args }) };
  const drop = [`--reuid=${NOBODY.uid}`, `--regid=${NOBODY.gid}`, "--clear-groups"];
  const keep = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  const prefix = (await works([...drop, ...keep])) ? [...drop, ...keep] : drop;
  return { owner: NOBODY, command: (program, args) => ({ command: "setpriv", args: [...prefix, program, ...args] }) };
}

async function works(options: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)("setpriv", [...options, "true"]);
    return true;
  } catch {
    return false;
  }
}
