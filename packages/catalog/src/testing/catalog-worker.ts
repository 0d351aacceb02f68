import { hasErrorCode } from "@holdfast/kernel";
import { createSystemHost, openCatalog } from "../index.ts";

// A process of its own for crash tests: node catalog-worker.ts FILE (write PREFIX | record NAME | hold SUBJECT | list | open)
const [file = "", task = "", argument = ""] = process.argv.slice(2);
const clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs: number, options: { readonly signal?: AbortSignal } = {}) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, durationMs);
      options.signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(options.signal?.reason);
      });
    }),
};
/** Does again what was refused because the other writer would not let go: nothing of it was entered. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!hasErrorCode(error, "catalog.file.busy")) throw error;
    }
  }
}

const catalog = await patiently(() => openCatalog({ file, clock, host: createSystemHost() }));
if (task === "write") {
  for (let index = 0; ; index += 1) {
    const id = `${argument}-${index}`;
    const entry = { id, runId: argument, stampName: "east", kind: "snapshot", objectId: `/snapshots/${id}` } as const;
    await patiently(() => catalog.enter(entry));
    process.stdout.write(`${id}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
if (task === "record") {
  const opened = { application: "shop", scenario: "vm", kind: "incident", startedAtMs: 0 } as const;
  for (let index = 0; ; index += 1) {
    const id = `${argument}-${index}`;
    const contact = { name: id, role: "operator", reach: "1" };
    // Both writers share the log of one application: their entries must not take one another's number.
    const decisions = [
      { kind: "contact-set", contact },
      { kind: "contact-removed", name: id },
    ] as const;
    await patiently(() => catalog.recordDecisions("shop", decisions, argument));
    const declared = { kind: "declared", by: argument, atMs: Date.now() } as const;
    await patiently(() => catalog.recordIncident({ ...opened, id, openedAtMs: 1 }, [declared], argument));
    process.stdout.write(`${id}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
if (task === "hold") {
  await catalog.beginRun({ runId: argument, kind: "capture", subject: "east/vm1" });
  await catalog.enter({ id: "e1", runId: argument, stampName: "east", kind: "snapshot", objectId: "/snapshots/e1" });
  process.stdout.write("held\n");
  await new Promise(() => setInterval(() => undefined, 1000));
}
if (task === "list") for (const { id } of await catalog.listLedger("east")) process.stdout.write(`${id}\n`);
await catalog[Symbol.asyncDispose]();
process.stdout.write("opened\n");
