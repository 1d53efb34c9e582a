/** Workspaces: who belongs where, and what they may do there. It knows nothing of apps, runs or bills. */
export {
  type ApiKey,
  type ApiKeyInput,
  createApiKey,
  listApiKeys,
  type NewApiKey,
  revokeApiKey,
  rotateApiKey,
} from "./api-keys.ts";
export { type AuditLog, exportAuditLogs, listAuditLogs } from "./audit-log.ts";
export { authenticateApiKey } from "./authenticate-key.ts";
export { authorize } from "./authorize.ts";
export { createDefaultWorkspace, type NewUser } from "./default-workspace.ts";
export {
  acceptInvitation,
  createInvitation,
  deleteInvitation,
  type Invitation,
  listInvitations,
  type NewInvitation,
} from "./invitations.ts";
export { changeMemberRole, listMembers, type Member, ownMembership, ownWorkspaces, removeMember } from "./members.ts";
export { isPermission, PERMISSIONS, type Permission, SYSTEM_ROLE_NAMES, SYSTEM_ROLES } from "./permissions.ts";
export { createRole, deleteRole, listRoles, type Role, updateRole } from "./roles.ts";
export {
  deleteSecret,
  listSecrets,
  loadSecrets,
  SECRET_NAME_PATTERN,
  SECRET_VALUE_BYTES,
  type Secret,
  sealedSecrets,
  setSecret,
} from "./secrets.ts";
export { SLUG_LENGTH } from "./slugs.ts";
export { transferOwnership } from "./transfer-ownership.ts";
export { type SignIn, type VisitorStanding, visitorStanding } from "./visitor-standing.ts";
export { lockWorkspace } from "./workspace-lock.ts";
export {
  createWorkspace,
  deleteWorkspace,
  getWorkspace,
  listWorkspaces,
  updateWorkspace,
  type Workspace,
} from "./workspaces.ts";
