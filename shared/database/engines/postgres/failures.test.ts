import { NeonDbError } from "@neondatabase/serverless";
import { describe, expect, it } from "vitest";
import { AppError } from "#platform/errors";
import { describeFailure as describe_ } from "../failures.ts";
import { postgresRefusal } from "./failures.ts";

const describeFailure = (error: unknown) => describe_(error, postgresRefusal(error));

/** An error as the driver throws it for a statement that the server refused. */
function refused(code: string, fields: Partial<NeonDbError> = {}) {
  return Object.assign(new NeonDbError("relation postgresql://ws_owner:secret@db.internal/ws SELECT * FROM hidden"), { code, ...fields });
}

describe("describeFailure", () => {
  it.each([
    ["23505", "conflict"],
    ["23503", "conflict"],
    ["23514", "conflict"],
    ["23502", "validation_failed"],
    ["22P02", "validation_failed"],
    ["42P01", "validation_failed"],
    ["42883", "validation_failed"],
    ["42501", "forbidden"],
    ["57014", "node_timeout"],
    ["57P01", "database_unavailable"],
    ["28P01", "database_unavailable"],
    ["53300", "database_unavailable"],
    ["08006", "database_unavailable"],
    ["XX000", "database_unavailable"],
  ])("SQLSTATE %s is %s and tells no secrets", (sqlstate, code) => {
    const failure = describeFailure(refused(sqlstate));
    expect(failure.code).toBe(code);
    expect(failure.message).not.toMatch(/secret|internal|hidden|postgresql/);
  });

  it("names the table and columns of a violated rule, never the values", () => {
    const duplicate = refused("23505", { table: "leads", detail: "Key (email, kind)=(v@example.com, x) already exists." });
    expect(describeFailure(duplicate).message).toBe("A row of leads with the same email, kind exists already.");
    expect(describeFailure(refused("23502", { table: "leads", column: "email" })).message).toBe("leads.email must have a value.");
  });

  it("passes on what is meant for callers, and nothing of our own mistakes", () => {
    const fault = { path: "a", code: "b", message: "c" };
    expect(describeFailure(new AppError("conflict", "as it is", { faults: [fault] }))).toEqual({
      code: "conflict",
      message: "as it is",
      faults: [fault],
      details: {},
    });
    expect(describeFailure(new TypeError("x is undefined"))).toEqual({
      code: "internal",
      message: "The database operation could not be completed.",
      faults: [],
      details: {},
    });
    expect(describeFailure(new Error("query failed", { cause: new NeonDbError("fetch failed") })).code).toBe("database_unavailable");
  });
});
