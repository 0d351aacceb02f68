import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "@holdfast/kernel/testing";
import { openCatalog } from "../index.ts";
import type { Catalog, Host, ProcessHolder } from "../index.ts";

/** A machine whose processes a test starts and ends. */
export class FakeHost implements Host {
  readonly self: ProcessHolder;
  readonly processes = new Map<number, string>();

  constructor(self: Partial<ProcessHolder> = {}) {
    this.self = { machine: "m1", bootId: "b1", pidSpace: "s1", pid: 100, processStart: "7", ...self };
    this.processes.set(this.self.pid, this.self.processStart);
  }

  findProcessStart(pid: number): string | null {
    return this.processes.get(pid) ?? null;
  }
}

export interface CatalogFolder extends AsyncDisposable {
  readonly file: string;
  readonly clock: FakeClock;
  open(host?: Host, options?: { readonly maxPageCount?: number }): Promise<Catalog>;
}

export async function makeCatalogFolder(): Promise<CatalogFolder> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-catalog-"));
  const file = join(folder, "home", "catalog.db");
  const clock = new FakeClock();
  const opened: Catalog[] = [];
  return {
    file,
    clock,
    async open(host = new FakeHost(), options = {}) {
      const catalog = await openCatalog({ file, clock, host, ...options });
      opened.push(catalog);
      return catalog;
    },
    async [Symbol.asyncDispose]() {
      for (const catalog of opened) await catalog[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
