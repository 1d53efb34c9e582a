import { expect, it } from "vitest";
import { answerFields } from "./answer-form.ts";

const fields = [
  { name: "reason", label: "Reason", type: "text", required: false },
  { name: "amount", label: "Amount", type: "number", required: true },
  { name: "urgent", label: "Urgent", type: "boolean", required: false },
] as const;

it("gives each field its type, and leaves out what was left empty", () => {
  const entered = { "field.reason": "a\r\nb", "field.amount": "12.5", "field.urgent": "on", "field.other": "x", intent: "approved" };
  expect(answerFields({ fields: [...fields] }, entered)).toEqual({ reason: "a\nb", amount: 12.5, urgent: true });
  expect(answerFields({ fields: [...fields] }, { "field.reason": " " })).toEqual({ urgent: false });
});

it("leaves what is no number for the API to name", () => {
  expect(answerFields({ fields: [...fields] }, { "field.amount": "12 or so" })).toEqual({ amount: "12 or so", urgent: false });
});
