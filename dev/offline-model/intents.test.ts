import { describe, expect, it } from "vitest";
import { classify, readIntentTask } from "./intents.ts";

const task = {
  intents: [
    { name: "sales", description: "wants to buy or asks for a price", examples: ["how much is it", "I want a quote"] },
    { name: "support", description: "has a problem", examples: ["it does not work", "I get an error"] },
  ],
  fallback: "other",
};

describe("classify", () => {
  it.each([
    ["what does a licence cost?", "sales"],
    ["How much is it for ten people?", "sales"],
    ["Could you send me a quote?", "sales"],
    ["Is there a discount if we purchase two licenses", "sales"],
    ["I'd like to pay by card", "sales"],
    ["it doesn't work any more", "support"],
    ["The page is broken", "support"],
    ["My export crashed twice, please help", "support"],
    ["I cannot open the file", "support"],
    ["login fails with an error", "support"],
    ["qwertz blub 42", "other"],
    ["The weather in Lisbon is lovely", "other"],
    ["I want to go swimming", "other"],
    ["", "other"],
  ])("%s -> %s", (text, intent) => {
    expect(classify(text, task).intent).toBe(intent);
  });

  it("is sure of what is unlike the rest, and says nothing of what it does not know", () => {
    expect(classify("how much is it", task).confidence).toBeGreaterThan(0.6);
    expect(classify("qwertz", task).confidence).toBe(0);
  });

  it("uses the words of the examples in any language", () => {
    const german = {
      intents: [
        { name: "rechnung", description: "", examples: ["Wo finde ich meine Rechnung"] },
        { name: "störung", description: "", examples: ["Die Anlage steht still"] },
      ],
      fallback: "rest",
    };
    expect(classify("Ich brauche die Rechnung vom Mai", german).intent).toBe("rechnung");
    expect(classify("Unsere Anlage ist aus", german).intent).toBe("störung");
  });
});

describe("readIntentTask", () => {
  it("reads the two lines wherever they stand", () => {
    expect(readIntentTask(`Sort the text.\nINTENTS: ${JSON.stringify(task.intents)}\nFALLBACK: other\nBe brief.`)).toEqual(task);
  });

  it("is null for other instructions", () => {
    expect(readIntentTask("Answer kindly.")).toBeNull();
    expect(readIntentTask("INTENTS: [oops]\nFALLBACK: x")).toBeNull();
  });
});
