import { describe, expect, it } from "vitest";
import { missingPermissions, PERMISSIONS, permissionsOfRole, SYSTEM_ROLES } from "./permissions.ts";

describe("system roles", () => {
  it("hold ever less, from the owner to the viewer", () => {
    expect(SYSTEM_ROLES.owner).toEqual(PERMISSIONS);
    expect(missingPermissions(SYSTEM_ROLES.admin, PERMISSIONS)).toEqual(["workspace:delete", "billing:manage"]);
    expect(missingPermissions(SYSTEM_ROLES.admin, SYSTEM_ROLES.member)).toEqual([]);
    expect(SYSTEM_ROLES.viewer.filter((permission) => !permission.endsWith(":read"))).toEqual([]);
  });

  it("follow the code, whatever was stored when the workspace was made", () => {
    expect(permissionsOfRole({ name: "owner", isSystem: true, permissions: [] })).toEqual(PERMISSIONS);
  });
});

describe("custom roles", () => {
  it("hold what was stored and still exists, even under a system role's name", () => {
    expect(permissionsOfRole({ name: "owner", isSystem: false, permissions: ["apps:read", "apps:fly"] })).toEqual(["apps:read"]);
  });
});
