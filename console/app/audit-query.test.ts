import { describe, expect, it } from "vitest";
import { auditQuery } from "./audit-query.ts";

const asked = (search: string) => Object.fromEntries(auditQuery(new URLSearchParams(search)));

describe("auditQuery", () => {
  it("asks for what is filled in, and for whole days", () => {
    expect(asked("actor= usr_1 &action=&target_type=app&target_id=&from=2026-11-20&to=2026-11-21&cursor=aud_1")).toEqual({
      actor: "usr_1",
      target_type: "app",
      from: "2026-11-20T00:00:00.000Z",
      to: "2026-11-22T00:00:00.000Z",
    });
  });

  it.each(["from=yesterday", "to=2026-13-01", "from=2026-1-1"])("asks for no time that is none: %s", (search) => {
    expect(asked(search)).toEqual({});
  });
});
