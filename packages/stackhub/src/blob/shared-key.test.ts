import { StorageSharedKeyCredential } from "@azure/storage-blob";
import { createHttpHeaders, createPipelineRequest } from "@azure/core-rest-pipeline";
import { expect, test } from "vitest";
import { signSharedKey } from "./shared-key.ts";

// The well-known account of the common storage emulator: published, guards nothing.
const account = {
  name: "devstoreaccount1",
  keyBase64: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
};

const date = "Thu, 01 Jan 2026 00:00:00 GMT";

const requests = [
  [
    "a read of a range",
    "GET",
    "https://devstoreaccount1.blob.x/vhds/a.vhd?snapshot=2026-01-01T00:00:00.0000000Z",
    { Range: "bytes=0-511" },
    0,
  ],
  [
    "a page list with an older snapshot",
    "GET",
    "https://devstoreaccount1.blob.x/vhds/a.vhd?comp=pagelist&prevsnapshot=2026-01-01T00:00:00.0000000Z&snapshot=2026-01-02T00:00:00.0000000Z",
    { Range: "bytes=0-1023" },
    0,
  ],
  [
    "a put of pages",
    "PUT",
    "https://devstoreaccount1.blob.x/vhds/a%20b.vhd?comp=page",
    { "x-ms-page-write": "update", Range: "bytes=0-511", "Content-Type": "application/octet-stream" },
    512,
  ],
  [
    "a new blob that must not exist",
    "PUT",
    "https://devstoreaccount1.blob.x/vhds/a.vhd",
    { "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "1024", "If-None-Match": "*" },
    0,
  ],
  ["a new container", "PUT", "https://devstoreaccount1.blob.x/vhds?restype=container", {}, 0],
  [
    "a deletion with snapshots",
    "DELETE",
    "https://devstoreaccount1.blob.x/vhds/a.vhd",
    { "x-ms-delete-snapshots": "include" },
    0,
  ],
  [
    "repeated and encoded parameters",
    "GET",
    "https://devstoreaccount1.blob.x/c?restype=container&comp=list&prefix=a%2Fb%2Bc",
    {},
    0,
  ],
] as const;

test.each(requests)("%s is signed as Microsoft's client signs it", async (...row) => {
  const [, method, address, extra, length] = row;
  const headers = { ...extra, "x-ms-version": "2019-07-07", "x-ms-date": date, "x-ms-client-request-id": "a-b" };
  const ours = signSharedKey({ method, url: new URL(address), headers, contentLengthBytes: length }, account);
  expect(ours).toBe(await microsoftSignature(method, address, headers, length));
});

/** Has the client's own policy sign a request, and keeps its date from being replaced. */
async function microsoftSignature(
  method: "GET" | "PUT" | "DELETE",
  address: string,
  headers: Record<string, string>,
  length: number,
): Promise<string> {
  const credential = new StorageSharedKeyCredential(account.name, account.keyBase64);
  const policy = credential.create({ sendRequest: () => Promise.reject(new Error("not sent")) } as never, {} as never);
  const request = createPipelineRequest({ url: address, method, headers: createHttpHeaders(headers) });
  if (length > 0) request.headers.set("content-length", String(length));
  const signable = policy as unknown as { signRequest(r: unknown): { headers: { get(n: string): string } } };
  const realDate = Date.prototype.toUTCString;
  Date.prototype.toUTCString = () => date;
  try {
    return signable.signRequest(toCompat(request)).headers.get("authorization");
  } finally {
    Date.prototype.toUTCString = realDate;
  }
}

function toCompat(request: ReturnType<typeof createPipelineRequest>) {
  return {
    url: request.url,
    method: request.method,
    body: undefined,
    headers: {
      set: (n: string, v: string) => request.headers.set(n, v),
      get: (n: string) => request.headers.get(n),
      contains: (n: string) => request.headers.has(n),
      headersArray: () => [...request.headers].map(([name, value]) => ({ name, value })),
    },
  };
}
