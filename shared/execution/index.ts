/** Execution: what a workflow may be, how one runs, and what its runs left behind. */
export { answerFaults } from "./answers.ts";
export { type CheckedWorkflow, checkWorkflow, validateWorkflow, workflowSchema } from "./check.ts";
export type { ConductOptions, LifeEnd, LiveRun } from "./conduct/conduct.ts";
export { fillTemplate, type Sources, templateFaults } from "./expressions/fill.ts";
export { type InputDeclaration, MAX_FILE_BYTES } from "./inputs/declarations.ts";
export { inputJsonSchema, outputJsonSchema } from "./inputs/json-schema.ts";
export { inputDeclarations, type ParsedInputs, parseInputs } from "./inputs/parse.ts";
export { fileIdOf } from "./inputs/values.ts";
export type { Activation, ActivationEnd, Journal } from "./journal.ts";
export { deleteExpiredValues, LOGGED_SIDES, readLoggedValue } from "./logged-values.ts";
export { storable } from "./node-log.ts";
export type { FileReference, RunFiles } from "./nodes/file-reference.ts";
export { NODE_TYPES, type NodeTypeDescription } from "./nodes/registry.ts";
export { type EarlierOutput, type PinRequest, pinNodes } from "./pins.ts";
export { compilePlan, nodesBefore, type Plan } from "./plan.ts";
export { type Preview, type PreviewScope, previewValue } from "./preview.ts";
export {
  findStoredRun,
  getRun,
  listNodeLogs,
  listRuns,
  type NodeLogView,
  type RunFilter,
  type RunView,
  viewOfNodeLog,
  viewOfRecord,
} from "./reads.ts";
export type { OpenedApp, PinnedOutput, RunEvent, RunningApp, RunRequest, RunResult } from "./run.ts";
export { runSession } from "./run-session.ts";
export { resumeRun, runInline } from "./run-workflow.ts";
export { findSessionRuns, listSessionRuns, type RunsOfSession } from "./sessions.ts";
export { summarise } from "./summarise.ts";
export type { Workflow, WorkflowEdge, WorkflowNode } from "./workflow.ts";
export { type RevisedRecord, writeExecutions } from "./writes.ts";
