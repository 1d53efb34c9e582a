import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkspacePool, makeDatabase } from "#database";
import { problemOf } from "../problem.ts";
import { schemaPlanSchema } from "./schema-plan.ts";
import { type Answer, type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let ada: Person;

beforeAll(async () => {
  platform = await startPlatform();
  const pools = new Map<string, ReturnType<typeof createWorkspacePool>>();
  const poolOf = (name: string) => {
    const pool = pools.get(name) ?? createWorkspacePool(platform.env, () => undefined);
    pools.set(name, pool);
    return pool;
  };
  Object.assign(platform.env, {
    DATABASE_POOL: { getByName: poolOf },
    // In the place of the workflow, all its steps at once.
    PROVISION_DATABASE: {
      create: ({ params }: { params: { workspaceId: string } }) =>
        makeDatabase(platform.context(), params.workspaceId, { do: (_, work) => work(), pause: async () => undefined }),
    },
    RATE_LIMITER: { getByName: () => ({ raiseEpoch: async () => undefined }) },
  });
  ada = await platform.signUp("Ada");
}, 120_000);
afterAll(() => platform.stop());

const id = { name: "id", type: "id" };
const email = { name: "email", type: "text" };

/** An app with one table of its own. */
const manifest = (name: string, columns: readonly object[], table = "leads") => ({
  manifest: "1",
  name,
  workflow: {
    nodes: [
      { id: "start", type: "start", config: { inputs: [] } },
      { id: "end", type: "end", config: { outputs: { done: true } } },
    ],
    edges: [{ from: "start", to: "end" }],
  },
  db_schema: { tables: [{ name: table, columns: [id, ...columns] }] },
});

const call = (route: string, body?: unknown, as: Person = ada): Promise<Answer> =>
  platform.call(route.replace(" /", " /api/v1/"), { as: as.as, ...(body === undefined ? {} : { body }) });

async function done(answer: Promise<Answer>): Promise<Answer["body"]> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body.data;
}

const create = async (app: object): Promise<string> => (await done(call(`POST /workspaces/${ada.workspaceId}/apps`, app))).id;
const save = (appId: string, app: object) => done(call(`PUT /apps/${appId}/draft`, app));
const publish = (appId: string, body: object = {}) => call(`POST /apps/${appId}/publish`, body);
const migrate = (body: object, as = ada) => call(`POST /workspaces/${ada.workspaceId}/database/migrate`, body, as);

describe("publishing an app whose tables changed", { timeout: 60_000 }, () => {
  it("wants a confirmation of what would be lost, takes it, and goes back without one", async () => {
    const appId = await create(manifest("Leads", [email]));
    const first = (await done(publish(appId))).current_version;
    await save(appId, manifest("Leads", [{ name: "score", type: "integer", default: 0 }]));

    const refused = await publish(appId);
    expect(refused).toMatchObject({ status: 409, body: { code: "migration_not_confirmed" } });
    expect(refused.body.errors).toEqual([
      { path: "db_schema.tables[0]", code: "destructive", message: "drops leads.email with all its values" },
    ]);
    const plan = schemaPlanSchema.parse(refused.body.plan);
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["drop_column", "add_column"]);
    expect((await done(call(`GET /apps/${appId}`))).current_version).toEqual(first);

    const second = (await done(publish(appId, { confirm: plan.hash }))).current_version;
    expect(second.number).toBe(2);
    expect((await done(call(`POST /apps/${appId}/rollback`, { version_id: first.id }))).current_version).toEqual(first);
    const { steps } = await done(migrate({ app_id: appId, dry_run: true }));
    expect(steps).toEqual([]);
  });

  it("tells apart what two apps may and may not share", async () => {
    const [one, two] = [
      await create(manifest("One", [email], "shared")),
      await create(manifest("Two", [{ ...email, type: "integer" }], "shared")),
    ];
    await done(publish(one));
    const refused = await publish(two);
    expect(refused).toMatchObject({ status: 409, body: { code: "conflict", errors: [{ code: "claim_conflict" }] } });
    expect(refused.body.errors[0]).toMatchObject({
      path: "db_schema.tables[0].columns[1]",
      message: expect.stringContaining('the app "One"'),
    });
    // An app that is gone claims nothing any more.
    await call(`DELETE /apps/${one}`);
    const waiting = await publish(two);
    expect(waiting.body.code).toBe("migration_not_confirmed");
    await done(publish(two, { confirm: waiting.body.plan.hash }));
  });

  it("migrates again what is live, for those who may publish", async () => {
    const appId = await create(manifest("Again", [email], "again"));
    expect(await migrate({ app_id: appId })).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    await done(publish(appId));
    expect(schemaPlanSchema.parse(await done(migrate({ app_id: appId }))).steps).toEqual([]);
    expect(await migrate({ app_id: appId }, await platform.signUp("Bob"))).toMatchObject({ status: 404 });
    expect(await migrate({ app_id: "app_nothing" })).toMatchObject({ status: 404, body: { code: "not_found" } });
  });
});

it("says nothing of a plan where there is none", () => {
  expect(problemOf(new Error("secret"), "req_1")).not.toHaveProperty("plan");
});
