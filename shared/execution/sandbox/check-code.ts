import { errorCode, errorMessage } from "#platform/errors";
import { describe, FILE, placeOf, programOf } from "./program.ts";
import { Sandbox } from "./sandbox.ts";

/** Milliseconds that compiling one piece of code may take. */
const COMPILE_MS = 250;

/** Compiles pieces of code, and runs none. Says of each what is wrong with it and where; `undefined` if nothing is. */
export async function checkCode(bodies: readonly string[]): Promise<(string | undefined)[]> {
  let sandbox: Sandbox | undefined;
  const faults: (string | undefined)[] = [];
  for (const body of bodies) {
    sandbox ??= await Sandbox.open({ computeMs: COMPILE_MS });
    sandbox.refuel();
    try {
      faults.push(faultIn(sandbox, body));
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      faults.push(errorMessage(error));
      sandbox = undefined;
    }
  }
  return faults;
}

function faultIn(sandbox: Sandbox, body: string): string | undefined {
  const compiled = sandbox.evaluate(programOf(body), FILE, { compileOnly: true });
  if (compiled.ok) {
    sandbox.enter(() => compiled.value.dispose());
    return undefined;
  }
  const place = placeOf(compiled.thrown);
  return place === undefined ? describe(compiled.thrown) : `${describe(compiled.thrown)} (${place})`;
}
