/**
 * What stands in the sandbox before the code does: a function (given, ask) that defines what the code sees, and gives the one
 * way in for the host. It keeps what it needs of the language, since the code may change everything that it can reach.
 *
 * `given`: JSON of the names that the code sees. `ask(id, how, file)`: has the host read a file. It gives a function (task, …):
 * `begin(main)` starts the code; `answer()` gives JSON of `{value, logs}`, `{thrown}` or `{unfit}` once it has ended;
 * `read(id, text)` and `unread(id, message)` answer what was asked for.
 */
export const PRELUDE = `(function (given, ask) {
"use strict";
const { stringify, parse } = JSON;
const { defineProperty, freeze, entries } = Object;
const TEXT = String;
const MAX_LINES = 200;
const MAX_LOG = 16384;
const HINTS = {
  fetch: "Use an http node.",
  XMLHttpRequest: "Use an http node.",
  WebSocket: "Use an http node.",
  setTimeout: "Use a wait node.",
  setInterval: "Use a wait node.",
  setImmediate: "Use a wait node.",
  require: "The code stands alone.",
};

const define = (target, name, value) => defineProperty(target, name, { value, writable: true, configurable: true });

const logs = [];
let logged = 0;
const shown = (value) => {
  if (typeof value === "string") return value;
  try {
    if (value instanceof Error) return TEXT(value);
    return stringify(value) ?? TEXT(value);
  } catch {
    return typeof value === "object" ? "[object]" : TEXT(value);
  }
};
const log = (prefix) => (...values) => {
  if (logs.length > MAX_LINES || logged > MAX_LOG) return;
  const line = prefix + values.map(shown).join(" ");
  const room = logs.length === MAX_LINES ? 0 : MAX_LOG - logged;
  logged += line.length + 1;
  logs[logs.length] = line.length <= room ? line : line.slice(0, room) + " … (the rest of the log is left out)";
};

let last = 0;
const asked = new Map();
const read = (how, file) =>
  new Promise((resolve, reject) => {
    if (typeof file?.id !== "string") throw new TypeError("files." + how + " takes a file, such as an input of type file.");
    last += 1;
    asked.set(TEXT(last), { resolve, reject });
    ask(TEXT(last), how === "base64" ? "base64" : "text", file.id);
  });

for (const [name, hint] of entries(HINTS)) {
  define(globalThis, name, function () {
    throw new Error(name + " is not available in a code node. " + hint);
  });
}
define(globalThis, "console", { log: log(""), info: log(""), debug: log(""), warn: log("warn: "), error: log("error: ") });
define(globalThis, "files", freeze({
  text: (file) => read("text", file),
  json: async (file) => parse(await read("json", file)),
  base64: (file) => read("base64", file),
}));
for (const [name, value] of entries(parse(given))) define(globalThis, name, value);

const NAMELESS = { bigint: "a BigInt", function: "a function", symbol: "a symbol" };
const asJson = (key, value) => {
  const kind = NAMELESS[typeof value] ?? (value instanceof Map ? "a Map" : value instanceof Set ? "a Set" : undefined);
  if (kind !== undefined) throw new TypeError("it holds " + kind + (key === "value" ? "" : " (" + key + ")"));
  if (key === "__proto__") throw new TypeError("it holds a key named __proto__");
  return value;
};

let ended;
const succeed = (value) => {
  try {
    ended = stringify({ value: value === undefined ? null : value, logs }, asJson);
  } catch (error) {
    ended = stringify({ unfit: TEXT(error?.message) });
  }
};
const fail = (error) => {
  try {
    const other = "It throws " + shown(error) + (error === null ? ", as it also does when no memory is left." : ".");
    const { name, message, stack } = error instanceof Error ? error : { name: "", message: other, stack: "" };
    ended = stringify({ thrown: { name: TEXT(name), message: TEXT(message) || "(no message)", stack: TEXT(stack) } });
  } catch {
    ended = stringify({ thrown: { name: "", message: "It throws what cannot be shown.", stack: "" } });
  }
};
const tasks = {
  begin: async (main) => {
    let value;
    try {
      value = await main();
    } catch (error) {
      return fail(error);
    }
    succeed(value);
  },
  answer: () => ended,
  read: (id, text) => asked.get(id).resolve(text),
  unread: (id, message) => asked.get(id).reject(new Error(message)),
};
return (task, ...rest) => tasks[task](...rest);
})`;
