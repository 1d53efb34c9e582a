import { Chart, type ChartSpec } from "./chart.tsx";
import type { RenderMarkdown } from "./markdown.ts";
import { fillIn, rowsOf, type Scope, textOf } from "./scope.ts";
import type { Texts } from "./texts.ts";

/*
 * What an app shows: the same components on the server and in the browser. Everything is escaped but what the markdown
 * renderer makes, which lets no markup through.
 */

export interface Column {
  readonly key: string;
  readonly label?: string | undefined;
}

/** A thing to show, as the manifest's blocks and its result view describe it. */
export type ContentSpec =
  | { readonly type: "text" | "markdown" | "json"; readonly props: { readonly content: string } }
  | { readonly type: "table"; readonly props: { readonly content: string; readonly columns?: readonly Column[] | undefined } }
  | { readonly type: "chart"; readonly props: { readonly content: string } & ChartSpec };

interface Surroundings {
  readonly scope: Scope;
  readonly texts: Texts;
  readonly markdown: RenderMarkdown;
}

function Table({ rows, columns, texts }: { rows: readonly Record<string, unknown>[]; columns: readonly Column[]; texts: Texts }) {
  if (rows.length === 0) return <p class="muted">{texts.noRows}</p>;
  return (
    // Wide tables scroll by themselves, also by keyboard.
    <div class="scroll" tabindex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ key, label }) => (
              <th key={key} scope="col" class={typeof rows[0]?.[key] === "number" ? "number" : undefined}>
                {label ?? key}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no names, and are drawn anew as a whole
            <tr key={index}>
              {columns.map(({ key }) => (
                <td key={key} class={typeof row[key] === "number" ? "number" : undefined}>
                  {textOf(row[key])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The columns that rows have, in the order they are first met. */
function columnsOf(rows: readonly Record<string, unknown>[]): Column[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))].map((key) => ({ key }));
}

/** One thing to show, filled in from a run's inputs and outputs. */
export function Content({ spec, scope, texts, markdown }: Surroundings & { spec: ContentSpec }) {
  const value = fillIn(spec.props.content, scope);
  switch (spec.type) {
    case "text":
      return <p class="text">{textOf(value)}</p>;
    case "markdown":
      // biome-ignore lint/security/noDangerouslySetInnerHtml: markdown-it escapes all markup of its source
      return <div class="markdown" dangerouslySetInnerHTML={{ __html: markdown(textOf(value)) }} />;
    case "json":
      return <pre class="json">{JSON.stringify(value ?? null, null, 2)}</pre>;
    case "table": {
      const rows = rowsOf(value);
      return <Table rows={rows} columns={spec.props.columns ?? columnsOf(rows)} texts={texts} />;
    }
    case "chart": {
      const rows = rowsOf(value);
      return (
        <div>
          <Chart rows={rows} spec={spec.props} />
          <details class="data">
            <summary>{texts.asTable}</summary>
            <Table rows={rows} columns={[{ key: spec.props.x }, { key: spec.props.y }]} texts={texts} />
          </details>
        </div>
      );
    }
  }
}

/** The outputs by name, for an app that says nothing about how to show them. */
function Outputs({ outputs }: { outputs: Record<string, unknown> }) {
  const entries = Object.entries(outputs);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return <p class="text">{textOf(only[1])}</p>;
  return (
    <dl class="outputs">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="text">{textOf(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What a finished run shows. */
export function Result({ view, ...surroundings }: Surroundings & { view: ContentSpec | null }) {
  return view === null ? <Outputs outputs={surroundings.scope.outputs} /> : <Content spec={view} {...surroundings} />;
}
