import { beforeAll, describe, expect, it } from "vitest";
import { call, type Json, leadDesk, type Member, platformRows, signUp } from "./client.ts";

let member: Member;
beforeAll(async () => {
  member = await signUp();
});

interface Broken {
  readonly name: string;
  readonly change: (manifest: Json) => void;
  readonly path: string;
  readonly code: string;
}

const broken: Broken[] = [
  {
    name: "an unknown node type",
    change: (manifest) => {
      manifest.workflow.nodes[2].type = "oracle";
    },
    path: "workflow.nodes[2].type",
    code: "unknown_node_type",
  },
  {
    name: "an edge from a port that is not there",
    change: (manifest) => {
      manifest.workflow.edges[1].port = "marketing";
    },
    path: "workflow.edges[1].port",
    code: "missing_port",
  },
  {
    name: "a cycle",
    change: (manifest) => {
      manifest.workflow.edges.push({ from: "save", to: "kind" });
    },
    path: "workflow.edges",
    code: "cycle",
  },
  {
    name: "an unreachable node",
    change: (manifest) => {
      manifest.workflow.nodes.push({ id: "island", type: "template", config: { text: "alone" } });
    },
    path: "workflow.nodes[5]",
    code: "unreachable_node",
  },
  {
    name: "an expression that does not parse",
    change: (manifest) => {
      manifest.workflow.nodes[1].config.text = "{{ inputs.message + }}";
    },
    path: "workflow.nodes[1].config.text",
    code: "invalid_expression",
  },
  {
    name: "an expression that names an unknown node",
    change: (manifest) => {
      manifest.workflow.nodes[4].config.outputs.reply = "{{ nodes.answer.text }}";
    },
    path: "workflow.nodes[4].config.outputs.reply",
    code: "unknown_node",
  },
  {
    name: "an input without a declaration",
    change: (manifest) => {
      manifest.workflow.nodes[2].config.input = "{{ inputs.text }}";
    },
    path: "workflow.nodes[2].config.input",
    code: "undeclared_input",
  },
  {
    name: "a table that is not in db_schema",
    change: (manifest) => {
      manifest.workflow.nodes[3].config.table = "contacts";
    },
    path: "workflow.nodes[3].config.table",
    code: "unknown_table",
  },
  {
    name: "a column that is not in db_schema",
    change: (manifest) => {
      manifest.workflow.nodes[3].config.values.phone = "1";
    },
    path: "workflow.nodes[3].config.values.phone",
    code: "unknown_column",
  },
  {
    name: "an update without where",
    change: (manifest) => {
      manifest.workflow.nodes[3].config = { operation: "update", table: "leads", values: { kind: "x" } };
    },
    path: "workflow.nodes[3].config.where",
    code: "missing_where",
  },
  {
    name: "a block that ui_schema does not have",
    change: (manifest) => {
      manifest.ui_schema.blocks.push({ id: "raw", type: "html", props: { content: "<script>" } });
    },
    path: "ui_schema.blocks[1].type",
    code: "",
  },
  {
    name: "an access mode that does not exist",
    change: (manifest) => {
      manifest.access_policy.access_mode = "everybody";
    },
    path: "access_policy.access_mode",
    code: "",
  },
  {
    name: "a secret where it would leak",
    change: (manifest) => {
      manifest.workflow.nodes[1].config.text = "{{ secrets.token }}";
    },
    path: "workflow.nodes[1].config.text",
    code: "secret_not_allowed",
  },
];

describe("manifests that cannot run", () => {
  it.each(broken)("are refused: $name", async ({ change, path, code }) => {
    const manifest = leadDesk();
    change(manifest);
    const answer = await call(`/api/v1/workspaces/${member.workspace.id}/apps`, { headers: member.as, body: manifest });
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe("validation_failed");
    const fault = answer.body.errors.find((one: Json) => one.path.startsWith(path));
    expect(fault, JSON.stringify(answer.body.errors)).toBeDefined();
    if (code !== "") expect(fault.code).toBe(code);
  });

  it("are told every fault at once", async () => {
    const manifest = leadDesk();
    // One in each place, none of which hides another.
    const several = [4, 5, 6, 8].flatMap((index) => broken[index] ?? []);
    for (const { change } of several) change(manifest);
    const answer = await call(`/api/v1/workspaces/${member.workspace.id}/apps`, { headers: member.as, body: manifest });
    expect(answer.status).toBe(422);
    for (const { path } of several) expect(answer.body.errors.map((one: Json) => one.path)).toContain(path);
  });

  it("leave nothing behind", async () => {
    expect(await platformRows("SELECT id FROM apps WHERE workspace_id = $1", [member.workspace.id])).toEqual([]);
  });
});
