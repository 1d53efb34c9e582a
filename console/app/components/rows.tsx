import type { ReactNode } from "react";

export interface Column<T> {
  readonly header: string;
  readonly cell: (item: T) => ReactNode;
  /** `title` names the row; `number` lines up at the end; `actions` has no visible header. */
  readonly kind?: "title" | "number" | "actions";
}

interface RowsProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
}

/** A table; on a phone, a list of cards. */
export function Rows<T>({ label, columns, items, keyOf }: RowsProps<T>) {
  return (
    <div className="overflow-hidden rounded-2xl border border-line bg-surface">
      <table className="rows w-full text-sm" aria-label={label}>
        <thead>
          <tr className="border-b border-line text-start text-ink-soft">
            {columns.map((column) => (
              <th
                key={column.header}
                scope="col"
                className={`px-4 py-2.5 font-medium ${column.kind === "number" ? "text-end" : "text-start"}`}
              >
                {column.kind === "actions" ? <span className="sr-only">{column.header}</span> : column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {items.map((item) => (
            <tr key={keyOf(item)} className="sm:hover:bg-sunken/50">
              {columns.map((column) => (
                <td
                  key={column.header}
                  data-label={column.kind === "actions" ? "" : column.header}
                  className={CELLS[column.kind ?? "text"]}
                >
                  {column.cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const CELLS = {
  text: "px-4 py-3 align-middle",
  title: "row-title px-4 py-3 align-middle font-medium",
  number: "px-4 py-3 align-middle text-end tabular-nums",
  actions: "px-4 py-2 align-middle text-end",
} as const;
