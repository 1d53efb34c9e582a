import { readFileSync } from "node:fs";

/** The metered QuickJS, where files can be read. The types are those of Workers, which cannot compile what they read. */
const quickjs: WebAssembly.Module = Reflect.construct(WebAssembly.Module, [
  readFileSync(new URL("./quickjs.wasm", import.meta.url).pathname),
]);

export default quickjs;
