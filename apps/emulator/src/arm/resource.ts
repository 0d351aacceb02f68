/** One ARM resource as it is kept. `hidden` never leaves the emulator: links to volumes, access grants, bodies. */
export interface ArmResource {
  /** As first written by its maker; look-ups ignore case. */
  readonly id: string;
  readonly name: string;
  /** `Microsoft.Compute/disks`. */
  readonly type: string;
  readonly location?: string;
  readonly tags?: Record<string, string>;
  readonly sku?: Record<string, unknown>;
  readonly plan?: Record<string, unknown>;
  readonly kind?: string;
  readonly etag?: string;
  readonly properties: Record<string, unknown>;
  readonly hidden?: Record<string, unknown>;
}

/** Resources of one stamp by id, ignoring case. Writes are durable when the promise settles (in a folder, not in `--ephemeral`). */
export interface ResourceStore {
  get(id: string): ArmResource | undefined;
  put(resource: ArmResource): Promise<void>;
  delete(id: string): Promise<void>;
  /** Resources of a type whose id begins with a scope (subscription, group, or parent), in order of id. */
  list(type: string, scope: string): ArmResource[];
  /** Everything below a scope, whatever the type: for deleting a group and for `/resources`. */
  listBelow(scope: string): ArmResource[];
}
