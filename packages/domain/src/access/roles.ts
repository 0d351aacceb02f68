/** Everything that a principal can be allowed, as `object.act`. */
export const permissions = [
  "inventory.read",
  "points.read",
  "runs.read",
  "policies.read",
  "audit.read",
  "backups.run",
  "restores.run",
  "restores.overwrite",
  "runs.cancel",
  "records.enter",
  "policies.apply",
  "points.delete",
  "accounts.manage",
  "acts.approve",
] as const;

export type Permission = (typeof permissions)[number];

export const roleNames = ["operator", "application-owner", "auditor", "restore-only", "backup-only"] as const;

export type RoleName = (typeof roleNames)[number];

/**
 * The permissions of each role.
 *
 * An operator does not read the audit log, and an auditor changes nothing: who acts is not who checks.
 */
export const roles: Readonly<Record<RoleName, readonly Permission[]>> = {
  operator: permissions.filter((one) => one !== "audit.read"),
  "application-owner": [
    "inventory.read",
    "points.read",
    "runs.read",
    "policies.read",
    "backups.run",
    "restores.run",
    "records.enter",
    "acts.approve",
  ],
  auditor: ["inventory.read", "points.read", "runs.read", "policies.read", "audit.read"],
  "restore-only": ["inventory.read", "points.read", "runs.read", "restores.run"],
  "backup-only": ["inventory.read", "runs.read", "backups.run"],
};
