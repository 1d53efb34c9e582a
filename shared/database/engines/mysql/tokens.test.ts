import { describe, expect, it } from "vitest";
import { statementRefusal } from "../../operations/statement-text.ts";
import { mysqlTokens } from "./tokens.ts";

const refusal = (text: string) => statementRefusal(mysqlTokens(text));

describe("statementRefusal of MySQL's statements", () => {
  it.each([
    "SELECT 1",
    "  -- a comment\n/* ; */ # ;\n select 1 ;",
    "(SELECT 1) UNION (SELECT 2)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "SELECT ';', \";\", '\\';', `;`, 'it''s;'",
    "REPLACE INTO leads VALUES ($1), (?);",
  ])("lets %j through", (text) => {
    expect(refusal(text)).toBeUndefined();
  });

  it.each([
    "SELECT 1; SELECT 2",
    "SELECT '\\\\'; DELETE FROM leads; -- '",
    "SELECT /* ; */ 1; /* */ SELECT 2",
    "SELECT 1 --; SELECT 2",
    "SELECT 1 /*! ; DELETE FROM leads */",
    "SELECT /* /* */ 1; DELETE FROM leads",
  ])("finds the second statement in %j", (text) => {
    expect(refusal(text)).toBe("must be one statement");
  });

  it.each([
    "SET @x = 1",
    "/*!50000 SET */ x",
    "LOAD DATA INFILE 'x' INTO TABLE leads",
    "CALL x()",
    "HANDLER leads OPEN",
    "SHOW GRANTS",
    "KILL 1",
  ])("refuses %j", (text) => {
    expect(refusal(text)).toMatch(/^must be a SELECT/);
  });
});
