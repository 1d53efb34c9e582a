import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyse } from "./engine.ts";
import { resolve, type Scope } from "./resolve.ts";
import { expressionsIn, parseTemplate } from "./template.ts";

const outputs: Record<string, unknown> = {
  find: {
    rows: [
      { id: 7, price: 5 },
      { id: 8, price: 50 },
    ],
    count: 2,
  },
  skipped: null,
};
const scope: Scope = {
  place: (field, position) => `nodes.here.config.${field} (position ${position})`,
  inputs: { name: "Ada", amount: 12, tags: ["a", "b"], nested: { flag: false }, empty: null },
  session: { id: "vis_1" },
  app: { name: "App" },
  run: { id: "run_1" },
  locals: {},
  secrets: { key: "s3cret" },
  secretFields: ["headers"],
  output: (nodeId) => outputs[nodeId] ?? null,
  upstream: ["find", "skipped"],
};

async function value(text: unknown): Promise<unknown> {
  return await resolve(parseTemplate(text, "field").template, scope);
}

describe("resolving", () => {
  it.each([
    ["{{ inputs.amount }}", 12],
    ["{{inputs.nested.flag}}", false],
    ["{{ inputs.tags }}", ["a", "b"]],
    ["{{ inputs.tags[1] }}", "b"],
    ["{{ nodes.find.rows[0].id }}", 7],
    ["{{ nodes.find.rows.id }}", [7, 8]],
    ["{{ nodes.find.rows[1].id[0] }}", 8],
    ["{{ inputs.name[0] }}", "Ada"],
    ["{{ session.id }}", "vis_1"],
    ["{{ inputs.amount > 10 }}", true],
    ["{{ $sum(nodes.find.rows.price) }}", 55],
    ['{{ {"a": {"b": inputs.amount}} }}', { a: { b: 12 } }],
  ])("keeps the type of a value that is one expression: %s", async (text, expected) => {
    expect(await value(text)).toEqual(expected);
  });

  it.each([
    ["Dear {{ inputs.name }}, {{ inputs.amount }} items", "Dear Ada, 12 items"],
    ["[{{ inputs.empty }}]", "[]"],
    ["{{ inputs.tags }}!", '["a","b"]!'],
    ["{{ $uppercase(inputs.name) }} {{ '}}' }}", "ADA }}"],
    ["no braces", "no braces"],
  ])("makes a text of everything else: %s", async (text, expected) => {
    expect(await value(text)).toBe(expected);
  });

  it.each([
    "inputs.missing",
    "inputs.name.length",
    "nodes.skipped.text",
    "nodes.find.rows[9].id",
    "inputs.tags.name",
    "inputs.missing & ''[1]",
  ])("gives null for what is missing: %s", async (source) => {
    const expected = source.includes("&") ? "" : null;
    expect(await value(`{{ ${source} }}`)).toBe(expected);
  });

  it("reads plain paths as the engine does, whatever they lead through", async () => {
    const names = ["a", "b", "length"];
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 0, 1, "", "text", true),
        fc.array(tie("json"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie("json")),
      ),
    }));
    const steps = fc.array(fc.oneof(fc.constantFrom(...names.map((name) => `.${name}`)), fc.constantFrom("[0]", "[1]")), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(json, steps, async (given, path) => {
        const source = `inputs.given${path.join("")}`;
        const read = (text: string) => resolve(parseTemplate(text, "field").template, { ...scope, inputs: { given } });
        expect(await read(`{{ ${source} }}`)).toEqual(await read(`{{ (${source}) }}`));
      }),
      { numRuns: 500 },
    );
  });

  it("walks objects and lists, and leaves values without braces alone", async () => {
    expect(await value({ a: ["{{ inputs.amount }}", { b: "{{ inputs.name }}" }], c: 1 })).toEqual({ a: [12, { b: "Ada" }], c: 1 });
  });

  it.each(["inputs.constructor", "inputs.__proto__", "nodes.find.constructor.name", "inputs.tags.constructor"])(
    "never sees what objects inherit: %s",
    async (source) => {
      expect(await value(`{{ ${source} }}`)).toBeNull();
    },
  );

  it.each([
    ["{{ $lookup(inputs, 'constructor') }}", null],
    ["{{ $string($lookup(inputs, '__proto__')) }}", null],
  ])("nor does the engine: %s", async (text, expected) => {
    expect(await value(text)).toBe(expected);
  });

  it("gives the engine plain arrays", async () => {
    const rows = await value("{{ nodes.find.rows[price > 1] }}");
    expect(Array.isArray(rows) && Object.keys(rows)).toEqual(["0", "1"]);
  });

  it.each([
    "($f := function($x) { $f($x) }; $f(1))",
    "($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(100000))",
    "$sum([1..90000].($ * 2))",
    "$length($pad('x', 100000000))",
    "$count([1..5000000])",
    "function($x) { $x }",
    "($__steps := 1; $sum([1..90000].($ * 2)))",
    "(function($__steps) { $sum([1..90000].($ * 2)) })(1)",
    "$length($reduce([1..40], function($a, $b) { $a & $a }, 'xx'))",
    "$reduce([1..60], function($a, $b) { {'l': $a, 'r': $a} }, {'x': 1})",
    "(  $d := function($x) { $reduce([1..60], function($a, $b) { {'l': $a, 'r': $a} }, {'x': $x}) }; $d(1) = $d(1))",
    "$string($reduce([1..60], function($a, $b) { {'l': $a, 'r': $a} }, {'x': 1}))",
    "$join($split($pad('', 90000, 'x'), ''), $pad('', 90000, 'y'))",
    "($e := $eval; $e('1'))",
    "$replace($pad('', 90000, 'x'), /x/, 'y')",
    "[1..100000][$ in [1..100000]]",
  ])(
    "ends what would not end, and refuses what is no value: %s",
    async (source) => {
      await expect(value(`{{ ${source} }}`)).rejects.toMatchObject({ code: "node_failed" });
    },
    30_000,
  );

  it.each([
    ["$match(inputs.name, /(A)(x)?d/)", { match: "Ad", index: 0, groups: ["A", null] }],
    ["$match('ab12 cd3', /([a-z]+)(\\d+)/).match", ["ab12", "cd3"]],
    ["$replace('2024-01-02', /(\\d+)-(\\d+)-(\\d+)/, '$3.$2.$1')", "02.01.2024"],
    ["$split('a, b;c', /[,;] */)", ["a", "b", "c"]],
    ["$contains('Größe 😀', /GRÖSSE|größe/i)", true],
    ["inputs.tags[$contains($, /^b$/)]", "b"],
  ])("matches patterns: %s", async (source, expected) => {
    expect(await value(`{{ ${source} }}`)).toEqual(expected);
  });

  it.each(["$match($pad('', 30000, 'a'), /a+a+a+b/)", "$replace($pad('', 30000, 'a'), /[ab]+[ac]+[ad]+e/, '')"])(
    "leaves a pattern that takes too long: %s",
    async (source) => {
      await expect(value(`{{ ${source} }}`)).rejects.toThrow(/^nodes\.here\.config\.field \(position \d+\): A pattern takes too long/);
    },
    30_000,
  );

  it.each(["{'__proto__': {'polluted': 1}}", "inputs ~> |$|{'__proto__': {'polluted': 1}}|", "$merge([{'__proto__': {'polluted': 1}}])"])(
    "pollutes nothing: %s",
    async (source) => {
      await value(`{{ ${source} }}`).catch((error: unknown) => error);
      expect("polluted" in {}).toBe(false);
    },
  );

  it("says where an expression failed", async () => {
    await expect(value("total: {{ inputs.name + 1 }}")).rejects.toThrow(/^nodes\.here\.config\.field \(position \d+\): /);
  });

  it("fails on a secret that the workspace does not have", async () => {
    await expect(async () => value("{{ secrets.other }}")).rejects.toThrow("no such secret");
  });

  it("shows secrets to the fields that may use them, and to no other by any name", async () => {
    const made: unknown[] = [];
    const inField = (text: string, field: string) =>
      resolve(parseTemplate(text, field).template, { ...scope, onSecret: (one) => made.push(one) });
    expect(await inField("Bearer {{ secrets.key }}", "headers.authorization")).toBe("Bearer s3cret");
    expect(await inField("{{ $uppercase(secrets.key) }}", "headers.x")).toBe("S3CRET");
    expect(made).toEqual(["S3CRET"]);
    for (const source of ['$lookup($$, "secrets")', "$$.secrets", "$string($$)", "$$.*.key"]) {
      expect(JSON.stringify(await inField(`{{ ${source} }}`, "text"))).not.toMatch(/s3cret/i);
    }
  });
});

describe("parsing", () => {
  it.each(["{{ inputs.a", "{{}}", "a {{ }} b", "{{ {'a': 1} }"])("finds braces that do not match: %s", (text) => {
    expect(parseTemplate(text, "f").faults).toHaveLength(1);
  });

  it("knows the place of every expression", () => {
    const { template } = parseTemplate({ a: ["x", "ab {{ inputs.x }}"] });
    expect(expressionsIn(template)).toEqual([expect.objectContaining({ field: "a[1]", offset: 6 })]);
  });
});

describe("analysing", () => {
  it.each([
    [
      "inputs.a + nodes.b.c",
      [
        ["inputs", "a"],
        ["nodes", "b", "c"],
      ],
    ],
    ["nodes.x.rows[price > 3].name", [["nodes", "x", "rows", "name"]]],
    [
      "nodes.x.rows.(name & $$.inputs.y)",
      [
        ["nodes", "x", "rows"],
        ["inputs", "y"],
      ],
    ],
    [
      "$map(nodes.x.rows, function($r) { $r.a & inputs.b })",
      [
        ["nodes", "x", "rows"],
        ["inputs", "b"],
      ],
    ],
    ["inputs.a ? inputs.b : foo", [["inputs", "a"], ["inputs", "b"], ["foo"]]],
    [
      "[inputs.a, {'k': inputs.b}]",
      [
        ["inputs", "a"],
        ["inputs", "b"],
      ],
    ],
    [
      "$exists(inputs.a) and inputs.b in ['x']",
      [
        ["inputs", "a"],
        ["inputs", "b"],
      ],
    ],
    ["inputs.list^(>rank)", [["inputs", "list"]]],
    ["inputs.list{name: $sum(price)}", [["inputs", "list"]]],
    ["inputs.list ~> $count()", [["inputs", "list"]]],
  ])("finds the names that %s follows from the top", async (source, expected) => {
    const analysis = await analyse(source);
    expect(analysis.ok && analysis.references.map(({ names }) => names)).toEqual(expected);
  });

  it.each(["inputs.", "1 +", "$eval('1')", "inputs.a.constructor", "$match(inputs.a, /(a+)+$/)", "foo("])("refuses %s", async (source) => {
    expect(await analyse(source)).toMatchObject({ ok: false });
  });
});
