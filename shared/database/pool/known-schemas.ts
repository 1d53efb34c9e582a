import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";

/** Schemas kept at most; those met first are forgotten first. */
const MAX_KNOWN = 100;

/** The schemas that operations came with: an app's statements bring the same one each time, and checking it costs more than they do. */
export class KnownSchemas {
  readonly #known = new Map<string, DbSchema>();

  /** Throws what is wrong with a schema, as its own check does. */
  parse(schema: object): DbSchema {
    const text = JSON.stringify(schema);
    const known = this.#known.get(text);
    if (known) return known;
    const parsed = dbSchemaSchema.parse(schema);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(text, parsed);
    return parsed;
  }
}
