import type { DiskAccess, DiskGrant, PageBlobLookup } from "../../pages/disk-access.ts";

/** Grants in memory; addresses lead nowhere. */
export class FakeDiskAccess implements DiskAccess {
  readonly grants = new Map<string, DiskGrant>();

  async grant(resourceId: string, grant: Omit<DiskGrant, "path">): Promise<string> {
    const path = `md-1/abcd/${this.grants.size + 1}`;
    this.grants.set(resourceId.toLowerCase(), { ...grant, path });
    return `https://md-1.blob.east.ash.example/abcd/${this.grants.size}?sv=2018-03-28&sr=b&sig=x`;
  }
  async revoke(resourceId: string): Promise<void> {
    this.grants.delete(resourceId.toLowerCase());
  }
  find(resourceId: string): DiskGrant | undefined {
    return this.grants.get(resourceId.toLowerCase());
  }
}

/** Page blobs by address, added by the test. */
export class FakePageBlobs implements PageBlobLookup {
  readonly blobs = new Map<string, { readonly volumeId: string; readonly contentBytes: number }>();
  readonly leased = new Set<string>();

  find(uri: string): { readonly volumeId: string; readonly contentBytes: number } | undefined {
    return this.blobs.get(uri.split("?")[0] ?? "");
  }
  async setVmLease(uri: string, isLeased: boolean): Promise<void> {
    if (isLeased) this.leased.add(uri);
    else this.leased.delete(uri);
  }
}
