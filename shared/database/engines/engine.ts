import type { Env } from "#platform/env";
import type { OperationWriter } from "../operations/build.ts";
import type { EngineName } from "../providers/provider.ts";
import type { Driver } from "./driver.ts";
import type { ServerRefusal } from "./failures.ts";
import { mysqlRefusal } from "./mysql/failures.ts";
import { mysqlOperations } from "./mysql/operations.ts";
import { createPlanetscaleDriver } from "./mysql/planetscale-driver.ts";
import { postgresRefusal } from "./postgres/failures.ts";
import { createNeonDriver } from "./postgres/neon-driver.ts";
import { postgresOperations } from "./postgres/operations.ts";

/** One kind of server: how it is reached, what it is asked, and what its refusals mean. */
export interface Engine {
  readonly name: EngineName;
  readonly driver: Driver;
  readonly operations: OperationWriter;
  /** The server's refusal inside an error, or `undefined` when it was not the server that failed. */
  refusal(error: unknown): ServerRefusal | undefined;
}

export type Engines = Readonly<Record<EngineName, Engine>>;

/** Both engines as a deployment reaches them. */
export function createEngines(env: Pick<Env, "SQL_GATEWAY_ORIGIN">): Engines {
  return {
    postgres: { name: "postgres", driver: createNeonDriver(env), operations: postgresOperations, refusal: postgresRefusal },
    mysql: { name: "mysql", driver: createPlanetscaleDriver(env), operations: mysqlOperations, refusal: mysqlRefusal },
  };
}
