import type { Fault } from "#platform/errors";
import { type DbColumn, type DbTable, findColumn } from "../schema/db-schema.ts";
import { encodeValue, expectationOf } from "../schema/values.ts";
import { WHERE_OPERATORS, type WhereOperator } from "./operation.ts";
import type { StatementDraft } from "./statement-draft.ts";

const COMPARISONS = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

const isOperator = (name: string): name is WhereOperator => WHERE_OPERATORS.some((operator) => operator === name);

/** One column's conditions under construction. */
interface Subject {
  readonly draft: StatementDraft;
  readonly table: DbTable;
  readonly column: DbColumn;
  readonly path: string;
}

function refuse({ draft, table, column, path }: Subject, message: string, code = "invalid_value"): string {
  draft.faults.push({ path, code, message: `${table.name}.${column.name} ${message}` } satisfies Fault);
  return "FALSE";
}

/** The parameter that holds a value to compare with; refuses null, which compares with nothing. */
function operand(subject: Subject, value: unknown): string {
  const encoded = value === null ? undefined : encodeValue(subject.column.type, value);
  if (encoded === undefined) return refuse(subject, expectationOf(subject.column.type));
  const { draft, column } = subject;
  return draft.dialect.comparable(column.type, draft.encoded(column.type, encoded));
}

const quoted = ({ draft, column }: Subject) => draft.dialect.quote(column.name);
const compared = ({ draft, column }: Subject) => draft.dialect.comparable(column.type, draft.dialect.quote(column.name));

function membership(subject: Subject, value: unknown): string {
  if (!Array.isArray(value) || value.length > 1000) return refuse(subject, "in: must be a list of at most 1000 values");
  if (value.length === 0) return "FALSE";
  return `${compared(subject)} IN (${value.map((item) => operand(subject, item)).join(", ")})`;
}

/** `ne` also finds rows without a value: they are not equal to it. */
function condition(subject: Subject, operator: WhereOperator, value: unknown): string {
  const name = quoted(subject);
  const side = compared(subject);
  if (value === undefined) return refuse(subject, "is compared with nothing: the expression has no value");
  switch (operator) {
    case "eq":
      return value === null ? `${name} IS NULL` : `${side} = ${operand(subject, value)}`;
    case "ne":
      return value === null ? `${name} IS NOT NULL` : subject.draft.dialect.differs(side, operand(subject, value));
    case "in":
      return membership(subject, value);
    case "like":
      return subject.column.type === "text" ? `${name} LIKE ${operand(subject, value)}` : refuse(subject, "is not a text: like needs one");
    case "is_null":
      return typeof value === "boolean" ? `${name} IS ${value ? "" : "NOT "}NULL` : refuse(subject, "is_null: must be true or false");
    default:
      return `${side} ${COMPARISONS[operator]} ${operand(subject, value)}`;
  }
}

function columnConditions(subject: Subject, value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [condition(subject, "eq", value)];
  const entries = Object.entries(value);
  if (Array.isArray(value) || entries.length === 0) return [refuse(subject, `takes a value or ${WHERE_OPERATORS.join(", ")}`)];
  return entries.map(([operator, operandValue]) => {
    const at = { ...subject, path: `${subject.path}.${operator}` };
    return isOperator(operator) ? condition(at, operator, operandValue) : refuse(at, `has no operator "${operator}"`, "unknown_operator");
  });
}

/** ` WHERE …` with all conditions together, or nothing where there are none. */
export function whereClause(draft: StatementDraft, table: DbTable, where: Readonly<Record<string, unknown>> | undefined): string {
  const conditions = Object.entries(where ?? {}).flatMap(([name, value]) => {
    const column = findColumn(table, name);
    if (column) return columnConditions({ draft, table, column, path: `where.${name}` }, value);
    draft.unknownColumn(`where.${name}`, table, name);
    return [];
  });
  return conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
}
