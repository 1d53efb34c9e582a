/** Everything a member or a key may be allowed to do in a workspace. The list is published; extend it, never rename. */
export const PERMISSIONS = [
  "workspace:read",
  "workspace:update",
  "workspace:delete",
  "members:read",
  "members:manage",
  "roles:manage",
  "api_keys:manage",
  "secrets:manage",
  "apps:read",
  "apps:create",
  "apps:edit",
  "apps:publish",
  "apps:delete",
  "runs:read",
  "runs:create",
  "runs:manage",
  "database:read",
  "database:write",
  "database:manage",
  "domains:manage",
  "billing:read",
  "billing:manage",
  "audit:read",
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export const SYSTEM_ROLE_NAMES = ["owner", "admin", "member", "viewer"] as const;
export type SystemRoleName = (typeof SYSTEM_ROLE_NAMES)[number];

/** What the roles that every workspace has may do. */
export const SYSTEM_ROLES: Readonly<Record<SystemRoleName, readonly Permission[]>> = {
  owner: PERMISSIONS,
  admin: PERMISSIONS.filter((permission) => permission !== "workspace:delete" && permission !== "billing:manage"),
  member: [
    "workspace:read",
    "members:read",
    "apps:read",
    "apps:create",
    "apps:edit",
    "apps:publish",
    "runs:read",
    "runs:create",
    "runs:manage",
    "database:read",
    "database:write",
  ],
  viewer: ["workspace:read", "members:read", "apps:read", "runs:read", "database:read", "billing:read"],
};

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS);
const SYSTEM_NAMES: ReadonlySet<string> = new Set(SYSTEM_ROLE_NAMES);

export function isPermission(text: string): text is Permission {
  return KNOWN.has(text);
}

function isSystemRoleName(name: string): name is SystemRoleName {
  return SYSTEM_NAMES.has(name);
}

export interface RoleGrant {
  readonly name: string;
  readonly isSystem: boolean;
  readonly permissions: readonly string[];
}

/** What a stored role allows today: system roles follow this file, so that a new permission reaches workspaces made before it. */
export function permissionsOfRole(role: RoleGrant): readonly Permission[] {
  if (role.isSystem && isSystemRoleName(role.name)) return SYSTEM_ROLES[role.name];
  return role.permissions.filter(isPermission);
}

/** Those of `wanted` that `held` lacks. */
export function missingPermissions(held: readonly Permission[], wanted: readonly Permission[]): Permission[] {
  const set: ReadonlySet<Permission> = new Set(held);
  return wanted.filter((permission) => !set.has(permission));
}
