import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import type { Question } from "#platform/records";
import { answerQuestion, findQuestion } from "#runtime";
import { authorize, ownMembership } from "#workspace";
import { jsonRecord } from "./json-value.ts";
import { createRouter, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";
import { inRun } from "./run-access.ts";

const bodySchema = z.strictObject({
  decision: z.enum(["approved", "rejected"]),
  fields: jsonRecord.default({}).openapi({ description: "By the names of the question's fields; the required ones to approve" }),
});

const answerSchema = z
  .object({
    node_id: z.string(),
    decision: z.enum(["approved", "rejected"]),
    fields: z.record(z.string(), z.any()),
    by: z.string().openapi({ description: "The member, or the API key, who answered" }),
  })
  .openapi("ApprovalAnswer");

/**
 * Whoever the question is for, by the id that the answer bears. It is for the members named in `to` by their id, e-mail address
 * or role; where it names nobody, for whoever may manage runs. Throws `forbidden`.
 */
async function requireAnswerer(ctx: Context, workspaceId: string, { to }: Question): Promise<string> {
  // Answering changes the run, which a workspace that is being deleted does not allow.
  if (to.length === 0) await authorize(ctx, workspaceId, "runs:manage");
  const member = await ownMembership(ctx, workspaceId);
  if (to.length === 0 && ctx.actor.type === "api_key") return ctx.actor.apiKeyId;
  const names = member ? [member.id, member.email, member.role].map((name) => name.toLowerCase()) : [];
  if (member && (to.length === 0 || to.some((name) => names.includes(name.toLowerCase())))) return member.id;
  throw new AppError("forbidden", "The question is for others to answer.");
}

export const runSignalsRouter = createRouter().openapi(
  createRoute({
    method: "post",
    path: "/runs/{id}/signals/{name}",
    tags: ["Runs"],
    summary: "Answer what a run asks",
    description: `\`name\` is the node that asks, by its path within the run (\`waiting[].node_id\`), such as \`approve\` or
\`each[2].approve\`. Who may answer stands in the question's \`to\`: members' ids, e-mail addresses and names of roles; where it is empty,
whoever has \`runs:manage\`. The first answer counts; a second one is refused with 409.`,
    ...inRun("runs:read"),
    request: { params: z.object({ id: z.string(), name: z.string() }), body: jsonBody(bodySchema) },
    responses: { 200: jsonContent(dataOf(answerSchema), "The answer as it was taken"), ...problemResponses },
  }),
  async (c) => {
    const [ctx, found] = [c.get("ctx"), c.get("found")];
    const { decision, fields } = c.req.valid("json");
    const asked = await findQuestion(ctx, found, c.req.valid("param").name);
    const answer = { decision, fields, by: await requireAnswerer(ctx, found.workspaceId, asked.question) };
    await answerQuestion(ctx, found.run.id, asked, answer);
    return c.json({ data: { node_id: asked.question.node_id, ...answer } }, 200);
  },
);
