import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock, SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { openStore } from "./open-store.ts";

const options = { signal: new AbortController().signal, warn: () => undefined };
const container = "https://keep.blob.north.example.org/backups";

function open(location: string, environment: Record<string, string> = {}) {
  return openStore(location, { random: new SeededRandom(1), clock: new FakeClock(), environment }, options);
}

test("a container without the file of its key is refused", async () => {
  await expect(open(container)).rejects.toMatchObject({ code: "cli.store.no-key" });
});

test("an address of another kind is refused, and its query not said", async () => {
  const raised: unknown = await open("ftp://bucket/x?sig=hush").catch((error: unknown) => error);
  expect(raised).toMatchObject({ code: "cli.repository.unsupported", details: { location: "ftp://bucket/x" } });
  expect(String(raised)).not.toContain("hush");
});

test("a container is opened with the key in its file, and a missing authority is told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-key-"));
  try {
    const keyFile = join(folder, "key");
    await writeFile(keyFile, "a2V5\n");
    await chmod(keyFile, 0o600);
    await expect(open(container, { HOLDFAST_STORE_KEY_FILE: keyFile })).resolves.toBeDefined();
    const environment = { HOLDFAST_STORE_KEY_FILE: keyFile, HOLDFAST_STORE_CA_FILE: join(folder, "none") };
    await expect(open(container, environment)).rejects.toMatchObject({ code: "cli.store.ca-unreadable" });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a bucket is opened with the key in its file or in the environment, and refused without one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-key-"));
  try {
    const keyFile = join(folder, "key");
    await writeFile(keyFile, "[default]\naws_access_key_id = AK\naws_secret_access_key=hush\n", { mode: 0o600 });
    await expect(open("s3://backups", { HOLDFAST_STORE_KEY_FILE: keyFile })).resolves.toBeDefined();
    const environment = { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "hush" };
    await expect(open("s3://backups", environment)).resolves.toBeDefined();
    await expect(open("s3://backups")).rejects.toMatchObject({ code: "cli.store.no-key" });
    await writeFile(keyFile, "hush");
    const raised = await open("s3://backups", { HOLDFAST_STORE_KEY_FILE: keyFile }).catch((error: unknown) => error);
    expect(raised).toMatchObject({ code: "cli.store.no-key" });
    expect(String(raised)).not.toContain("hush");
  } finally {
    await rm(folder, { recursive: true });
  }
});
