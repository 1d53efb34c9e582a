import { sql } from "drizzle-orm";
import { timestamp } from "drizzle-orm/pg-core";

/** A moment, in UTC, to the millisecond. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

export const createdAt = () => moment("created_at").notNull().default(sql`now()`);
export const updatedAt = () => moment("updated_at").notNull().default(sql`now()`);
