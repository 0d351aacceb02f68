import { expect, test } from "vitest";
import { standardPlanes } from "../core/standard-planes.ts";
import { startEmulator } from "../core/start-emulator.ts";
import { createStampClient, send } from "../testing/stamp-client.ts";
import { findVhdFault } from "./vhd-footer.ts";

test("on real volumes, a snapshot outlives its disk, is read through its SAS and makes a new disk", async () => {
  await using emulator = await startEmulator({
    stamps: [{ name: "east", operationScale: 0, retryAfterSeconds: 0 }],
    planes: standardPlanes({ vms: "inert" }),
  });
  const east = emulator.stamp("east");
  const client = await createStampClient(east, emulator.caCertificate);
  const group = `/subscriptions/${east.subscriptionId}/resourceGroups/rg1`;
  await client.arm("PUT", group, "2019-10-01", { location: "east" });
  const done = async (method: string, path: string, properties?: object) => {
    const body = properties === undefined ? undefined : { location: "east", properties };
    const reply = await client.arm(method, `${group}/providers/Microsoft.Compute/${path}`, "2019-07-01", body);
    expect(reply.status).toBe(202);
    return (await client.settle(reply)).body;
  };
  const copyOf = (path: string) => ({
    creationData: { createOption: "Copy", sourceResourceId: `${group}/providers/Microsoft.Compute/${path}` },
  });
  expect((await done("PUT", "disks/d1", { creationData: { createOption: "Empty" }, diskSizeGB: 1 })).status).toBe(
    "Succeeded",
  );
  expect((await done("PUT", "snapshots/s1", { ...copyOf("disks/d1"), incremental: true })).status).toBe("Succeeded");
  expect((await done("DELETE", "disks/d1")).status).toBe("Succeeded");
  expect((await done("PUT", "disks/d2", copyOf("snapshots/s1"))).status).toBe("Succeeded");

  const path = `${group}/providers/Microsoft.Compute/snapshots/s1/beginGetAccess`;
  const begun = await client.arm("POST", path, "2019-07-01", { access: "Read", durationInSeconds: 60 });
  const { accessSAS } = (await client.settle(begun)).body.properties.output;
  const url = new URL(accessSAS);
  const footer = await send(`https://localhost:${url.port}${url.pathname}${url.search}`, emulator.caCertificate, {
    headers: { host: url.host, "x-ms-version": "2019-07-07", range: `bytes=${2 ** 30}-${2 ** 30 + 511}` },
  });
  expect(footer.status).toBe(206);
  expect(findVhdFault(footer.bytes, 2 ** 30 + 512)).toBeUndefined();
});
