import { describe, expect, it } from "vitest";
import type { EarlierOutput } from "./pins.ts";
import { previewValue } from "./preview.ts";

const outputs: Record<string, EarlierOutput> = {
  find: { kind: "kept", output: { rows: [{ id: 7 }], count: 1 } },
  call: { kind: "failed", error: { code: "node_failed", message: "Down." } },
  large: { kind: "cut" },
};
const preview = (value: unknown) =>
  previewValue(value, { inputs: { name: "Ada" }, session: { id: null }, app: { slug: "desk" }, run: { id: "run_1" }, outputs });

describe("a preview", () => {
  it.each([
    ["{{ inputs.name }}", "Ada", "string"],
    ["Dear {{ inputs.name }} of {{ app.slug }}", "Dear Ada of desk", "string"],
    ["{{ nodes.find.count + 1 }}", 2, "number"],
    ["{{ nodes.find.rows }}", [{ id: 7 }], "array"],
    ["{{ nodes.nobody }}", null, "null"],
    ["{{ session.id }}", null, "null"],
    ["{{ nodes.call.error.code }}", "node_failed", "string"],
    [{ to: "{{ inputs.name }}", n: [1, "{{ run.id }}"] }, { to: "Ada", n: [1, "run_1"] }, "object"],
    ["{{ inputs.name = 'Ada' }}", true, "boolean"],
    [5, 5, "number"],
  ])("of %j is %j, a %s", async (value, expected, type) => {
    expect(await preview(value)).toEqual({ ok: true, value: expected, type });
  });

  it("shows no secret, wherever one is named", async () => {
    expect(await preview("{{ secrets.token }}")).toMatchObject({ value: "[secret]" });
    expect(await preview("{{ $uppercase(secrets.token) & '!' }}")).toMatchObject({ value: "[SECRET]!" });
    expect(await preview("{{ $keys(secrets) }}")).toMatchObject({ value: null });
  });

  it.each([
    ["{{ inputs.name + }}", /^position 16: /],
    ["Hi {{ inputs.name", /^position 3: .*closed/],
    ["{{ $error('no') }}", /^position \d+: no/],
    [{ a: ["{{ ( }}"] }, /^value\.a\[0\] \(position 4\): /],
    ["{{ (\n$f := function($n) { $f($n + 1) }; $f(0)) }}", /steps|loop/],
    ["{{ nodes.large.rows[0] }}", /large.*beginning/],
  ])("of %j fails and says where", async (value, message) => {
    const found = await preview(value);
    expect(found.ok ? [] : found.faults).toEqual([{ path: "value", code: "invalid_expression", message: expect.stringMatching(message) }]);
  });
});
