import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { openStore } from "./open-store.ts";

const options = { signal: new AbortController().signal, warn: () => undefined };
const container = "https://keep.blob.north.example.org/backups";

function open(location: string, environment: Record<string, string> = {}) {
  return openStore(location, { random: new SeededRandom(1), environment }, options);
}

test("a container without the file of its key is refused", async () => {
  await expect(open(container)).rejects.toMatchObject({ code: "cli.store.no-key" });
});

test("an address of another kind is refused, and its query not said", async () => {
  const raised: unknown = await open("s3://bucket/x?sig=hush").catch((error: unknown) => error);
  expect(raised).toMatchObject({ code: "cli.repository.unsupported", details: { location: "s3://bucket/x" } });
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
