/** Workspaces: who belongs where, and what they may do there. It knows nothing of apps, runs or bills. */
export { authorize, isMember } from "./authorize.ts";
export { isPermission, PERMISSIONS, type Permission, SYSTEM_ROLE_NAMES } from "./permissions.ts";
