import { readOne } from "../api/client.server.ts";
import { frozenVersionSchema } from "../api/schemas.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/version-download.ts";

/** A version as the manifest it is: the file that another workspace, or git, takes. */
export async function loader({ params, context }: Route.LoaderArgs) {
  const path = `/apps/${encodeURIComponent(params.appId)}/versions/${encodeURIComponent(params.versionId)}`;
  const { number, manifest } = await readOne(context.get(visitContext), path, frozenVersionSchema);
  return new Response(`${JSON.stringify(manifest, null, 2)}\n`, {
    headers: {
      "Content-Type": "application/json; charset=utf-8",
      "Content-Disposition": `attachment; filename="manifest-v${number}.json"`,
    },
  });
}
