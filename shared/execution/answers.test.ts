import { describe, expect, it } from "vitest";
import { answerFaults } from "./answers.ts";

const question = {
  node_id: "ok",
  title: "Send?",
  to: [],
  fields: [
    { name: "reason", label: "Why", type: "text", required: true },
    { name: "amount", label: "How much", type: "number", required: false },
    { name: "urgent", label: "Urgent", type: "boolean", required: false },
  ],
  asked_at: 0,
  expires_at: 1,
};
const faultsOf = (fields: Record<string, unknown>, decision: "approved" | "rejected" = "approved") =>
  answerFaults(question, { decision, fields }).map(({ path, code }) => `${path} ${code}`);

describe("the fields of an answer", () => {
  it("are what the question asks for", () => {
    expect(faultsOf({ reason: "because", amount: 0, urgent: false })).toEqual([]);
    expect(faultsOf({ reason: "because", amount: null })).toEqual([]);
    expect(faultsOf({ reason: 1, amount: "3", urgent: "yes", more: 1 })).toEqual([
      "fields.more unknown_field",
      "fields.reason invalid_type",
      "fields.amount invalid_type",
      "fields.urgent invalid_type",
    ]);
    expect(faultsOf({ reason: "x".repeat(20_001), amount: Number.POSITIVE_INFINITY })).toEqual([
      "fields.reason too_big",
      "fields.amount invalid_type",
    ]);
  });

  it("may be left out where they are not required, and all of them to reject", () => {
    expect(faultsOf({})).toEqual(["fields.reason required"]);
    expect(faultsOf({ reason: "" })).toEqual(["fields.reason required"]);
    expect(faultsOf({}, "rejected")).toEqual([]);
    expect(faultsOf({ toString: 1 }, "rejected")).toEqual(["fields.toString unknown_field"]);
  });
});
