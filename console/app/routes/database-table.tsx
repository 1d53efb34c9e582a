import { Link } from "react-router";
import { readPage } from "../api/client.server.ts";
import { databaseRowSchema } from "../api/schemas.ts";
import { Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/database-table.ts";
import { useWorkspace } from "./workspace.tsx";

export function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}/database/tables/${encodeURIComponent(params.table)}/rows`;
  return readPage(visit, `${path}${pageQuery(visit.url)}`, databaseRowSchema);
}

/** A value on one line; what is not a text as JSON. */
const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

export default function DatabaseTablePage({ loaderData: page, params }: Route.ComponentProps) {
  const text = useText();
  const { workspace } = useWorkspace();
  const [first] = page.data;
  const columns = Object.keys(first ?? {});
  return (
    <div className="flex flex-col gap-6">
      <Title>{[params.table, text.database.title, workspace.name]}</Title>
      <div>
        <Link to={paths.database(workspace.id)} className="text-sm text-ink-soft hover:text-ink hover:underline">
          ← {text.database.back}
        </Link>
        <h1 className="mt-2 font-mono text-xl font-semibold break-all">{params.table}</h1>
      </div>
      {first === undefined ? (
        <p className="text-sm text-ink-soft">{text.database.noRows}</p>
      ) : (
        <section aria-label={params.table} className="overflow-x-auto rounded-2xl border border-line bg-surface">
          <table className="w-full text-sm">
            <thead>
              <tr className="border-b border-line text-ink-soft">
                {columns.map((column) => (
                  <th key={column} scope="col" className="px-4 py-2.5 text-start font-mono text-xs font-medium whitespace-nowrap">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {page.data.map((row) => (
                <tr key={JSON.stringify(row)}>
                  {columns.map((column) => (
                    <td key={column} className="max-w-80 truncate px-4 py-2.5" title={shown(row[column])}>
                      {row[column] === null ? <span className="text-ink-soft">null</span> : shown(row[column])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Pager next={page.next_cursor} />
    </div>
  );
}
