import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import type { OwnedDatabase } from "../migrations/migrate.ts";
import { isDeclarable } from "./archived-tables.ts";
import { isRestored, REPLACED, restoredMark, STAGED, stagedMark } from "./staging.ts";

/**
 * Puts what was staged in the place of all that the apps have, at once. Does nothing when that has happened. Throws
 * invalid_state when what was staged is not there any more.
 */
export async function exchangeStaged(ctx: Context, owned: OwnedDatabase, restoreId: string): Promise<void> {
  const { engine, address } = owned;
  if (await isRestored(owned, restoreId)) return;
  // No way back of an earlier change may come after this: it would lead to other tables than it was meant for.
  await engine.migrator.change(ctx, address, async () => null);
  const names = await engine.replacement.listTables(engine.driver, address);
  if (!names.includes(stagedMark(restoreId))) {
    throw new AppError("invalid_state", "Another restore has begun meanwhile; nothing was changed by this one.");
  }
  const { catalog } = await engine.introspect((statement) => engine.driver.run(address, statement));
  const present = [...catalog.keys()].filter(isDeclarable);
  await engine.replacement.exchange(engine.driver, address, {
    replaced: present.map((name) => ({ name, aside: `${REPLACED}${name}` })),
    staged: [
      ...names.filter((name) => name.startsWith(STAGED)).map((from) => ({ from, to: from.slice(STAGED.length) })),
      // The mark goes with them: whoever repeats this finds it done.
      { from: stagedMark(restoreId), to: restoredMark(restoreId) },
    ],
  });
}
