import { describe, expect, it } from "vitest";
import { constantText, textExpression } from "./constants.ts";
import { readDefault } from "./types.ts";

describe("constants of MySQL", () => {
  it.each(["", "plain words (1).", "it's", "back\\slash", "line\nbreak", "☃ 🙂", "`", '"'])("come back as they went: %j", (text) => {
    const written = textExpression(text);
    // MariaDB shows an expression as it is, MySQL with the character set of texts, and in another way of quoting.
    const spellings = [
      written.slice(1, -1),
      written.slice(1, -1).replace("'", "_utf8mb4'"),
      written
        .slice(1, -1)
        .replace("'", "_utf8mb4\\'")
        .replace(/'(?=[^']*$)/, "\\'"),
    ];
    expect(spellings.map(constantText)).toEqual([text, text, text]);
    expect(written).toMatch(/^[\x20-\x7e]*$/);
  });

  it("are read as the catalogs of both servers show them", () => {
    expect(readDefault("integer", "-5")).toBe("=-5");
    expect(readDefault("number", "1e-7")).toBe("=1e-7");
    expect(readDefault("boolean", "1")).toBe("=true");
    expect(readDefault("timestamp", "'2026-01-02 03:04:05.678'")).toBe("=2026-01-02T03:04:05.678Z");
    expect(readDefault("timestamp", "2026-01-02 03:04:05.678")).toBe("=2026-01-02T03:04:05.678Z");
    expect(readDefault("timestamp", "CURRENT_TIMESTAMP(3)")).toBe("now");
    expect(readDefault("text", "NULL")).toBeNull();
    expect(readDefault("text", "uuid()")).toBe("?uuid()");
    expect(readDefault(null, "5")).toBe("?5");
  });
});
