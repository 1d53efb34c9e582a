import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inRepository } from "../repository.ts";
import { meter } from "./meter.ts";

/*
 * Makes the QuickJS that code nodes run in out of the package's: the same, with a store of fuel. To be run again, as
 * `node dev/quickjs/build.ts`, after the package has changed; its test says when.
 */

const original = readFileSync(fileURLToPath(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm")));
writeFileSync(inRepository("shared/execution/sandbox/quickjs.wasm"), meter(original));
