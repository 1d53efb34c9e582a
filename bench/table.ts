/** One line of the result. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly baseline: string;
  readonly ratio: number | null;
  readonly target: string;
  readonly met: boolean;
}

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, measured, baseline, ratio, target, met }) => [
    what,
    measured,
    baseline,
    ratio === null ? "" : `${Math.round(ratio * 100)} %`,
    target,
    met ? "met" : "missed",
  ]);
  const lines = [["what", "measured", "baseline", "ratio", "target", ""], ...cells];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...rest] = lines;
  return [format(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rest.map(format)].join("\n");
}
