import { describe, expect, it } from "vitest";
import { en } from "../i18n/en.ts";
import { readTriggerForm } from "./read-trigger-form.ts";

function form(fields: readonly (readonly [string, string])[]): FormData {
  const sent = new FormData();
  for (const [name, value] of fields) sent.append(name, value);
  return sent;
}

describe("readTriggerForm", () => {
  it("reads a schedule", () => {
    const sent = form([
      ["name", " Morning "],
      ["enabled", "on"],
      ["cron", "0 9 * * *"],
      ["timezone", "Europe/Berlin"],
      ["missed", "run_once"],
      ["inputs", '{ "word": "hello" }'],
      ["mode", "wait"],
    ]);
    const config = { cron: "0 9 * * *", timezone: "Europe/Berlin", missed: "run_once", inputs: { word: "hello" } };
    expect(readTriggerForm("schedule", sent, en)).toMatchObject({ ok: true, body: { name: "Morning", enabled: true, config } });
  });

  it("leaves inputs out that are not given, which is not the same as none", () => {
    const read = readTriggerForm("webhook", form([["mode", "wait"]]), en);
    expect(read).toMatchObject({ ok: true, body: { name: "", enabled: false } });
    expect(read.ok && read.body.config).toEqual({ mode: "wait" });
  });

  it("reads which ends of another app's runs are followed", () => {
    const sent = form([
      ["app", "lead-desk"],
      ["on", "completed"],
      ["on", "failed"],
      ["on", "anything"],
    ]);
    const read = readTriggerForm("app", sent, en);
    expect(read.ok && read.body.config).toEqual({ app: "lead-desk", on: ["completed", "failed"] });
  });

  it.each([
    ["{ word: 1 }", en.test.notJson],
    ["[1]", en.test.notObject],
  ])("finds a fault in the inputs %s, and keeps what was entered", (inputs, message) => {
    const sent = form([
      ["cron", "0 9 * * *"],
      ["inputs", inputs],
    ]);
    expect(readTriggerForm("schedule", sent, en)).toMatchObject({
      ok: false,
      problem: { faults: [{ path: "config.inputs", message }] },
      entered: { cron: "0 9 * * *", inputs },
    });
  });
});
