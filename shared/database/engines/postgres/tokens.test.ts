import { describe, expect, it } from "vitest";
import { statementRefusal } from "../../operations/statement-text.ts";
import { postgresTokens } from "./tokens.ts";

const refusal = (text: string) => statementRefusal(postgresTokens(text));

describe("statementRefusal", () => {
  it.each([
    "SELECT 1",
    "  -- a comment\n/* and /* another */ ; */ select 1 ;",
    "(SELECT 1) UNION (SELECT 2)",
    "WITH x AS (SELECT 1) DELETE FROM leads",
    "SELECT ';', \";\", E'\\';', $$;$$, $tag$ ; $$ ; $tag$, 'it''s;'",
    "SELECT a$b$c FROM t -- ; $b$",
    "VALUES ($1), ($2);",
  ])("lets %j through", (text) => {
    expect(refusal(text)).toBeUndefined();
  });

  it.each([
    "SELECT 1; SELECT 2",
    "SELECT '\\'; DELETE FROM leads; --'",
    "SELECT a$b; DELETE FROM leads; --$b",
    "SELECT /* ; */ 1; /* */ SELECT 2",
    "SELECT $1$; DELETE FROM leads; $1$",
  ])("finds the second statement in %j", (text) => {
    expect(refusal(text)).toBe("must be one statement");
  });

  it.each([
    "SET ROLE x",
    "DO $$ BEGIN END $$",
    "alter role x",
    "/* select */ LOCK leads",
    "BEGIN",
    "CREATE TABLE x ()",
    "EXPLAIN SELECT 1",
    "COPY x TO STDOUT",
  ])("refuses %j", (text) => {
    expect(refusal(text)).toMatch(/^must be a SELECT/);
  });

  it.each(["", "  ", "-- nothing", ";"])("refuses the empty %j", (text) => {
    expect(refusal(text)).toBe("must be a statement");
  });
});
