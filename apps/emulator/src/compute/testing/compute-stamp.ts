import { createInertBodies } from "../../bodies/inert-bodies.ts";
import type { VmBodies } from "../../bodies/vm-body.ts";
import { type EmulatorOptions, startEmulator } from "../../core/start-emulator.ts";
import type { StampOptions } from "../../core/stamp-config.ts";
import type { FaultBoard } from "../../faults/fault-board.ts";
import { createStampClient, type HttpReply } from "../../testing/stamp-client.ts";
import type { ComputeSettings } from "../compute-deps.ts";
import { createComputeProvider } from "../compute-provider.ts";
import { FakeDiskAccess, FakePageBlobs } from "./fake-disk-access.ts";
import { MemoryPageStore } from "./memory-page-store.ts";

export interface ComputeStampOptions extends Partial<StampOptions> {
  readonly settings?: Partial<ComputeSettings>;
  readonly emulator?: EmulatorOptions;
  /** Volumes that an earlier emulator left. */
  readonly pages?: MemoryPageStore;
}

/** One stamp over HTTP with compute on fakes: what tests look into is at hand. */
export interface ComputeStamp extends AsyncDisposable {
  readonly group: string;
  readonly subscription: string;
  readonly pages: MemoryPageStore;
  readonly access: FakeDiskAccess;
  readonly blobs: FakePageBlobs;
  readonly bodies: VmBodies;
  readonly faults: FaultBoard;
  /** The emulator's time; tests move it. */
  readonly clock: { ms: number };
  arm(method: string, path: string, body?: unknown, apiVersion?: string): Promise<HttpReply>;
  /** Sends and follows to the end; answers the last poll's status, or the code of the refusal. */
  done(method: string, path: string, body?: unknown): Promise<string>;
  disk(name: string, sizeGB?: number, more?: object): Promise<string>;
  snapshot(name: string, disk: string, incremental?: boolean): Promise<string>;
  nic(name: string): Promise<string>;
  /** The body of a VM's PUT: attached disks, one NIC that is made for it. */
  vmBody(name: string, osDisk: string, dataDisks?: readonly string[]): Promise<VmBody>;
  power(name: string): Promise<string>;
}

export interface VmBody {
  location: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests change bodies in every way
  properties: any;
}

const still = {
  now: () => 0,
  monotonicMs: () => 0,
  sleep: async () => {},
};

function versionOf(path: string): string {
  return /(?:^|\/)(?:disks|snapshots)(?:[/?]|$)/i.test(path) ? "2019-07-01" : "2020-06-01";
}

export async function startComputeStamp(options: ComputeStampOptions = {}): Promise<ComputeStamp> {
  const { settings, emulator: more, pages = new MemoryPageStore(), ...config } = options;
  const access = new FakeDiskAccess();
  const blobs = new FakePageBlobs();
  const bodies = createInertBodies(still);
  const clock = { ms: Date.UTC(2026, 0, 1) };
  const emulator = await startEmulator({
    stamps: [{ name: "east", operationScale: 0, retryAfterSeconds: 0, tokenLifetimeSeconds: 1_000_000, ...config }],
    clock: { now: () => clock.ms },
    ...(process.env["ASH_RECORD"] === undefined ? {} : { record: process.env["ASH_RECORD"] }),
    ...more,
    planes: [
      async ({ stamp: { core, services }, faults }) => {
        const provider = createComputeProvider(
          { pages, access, blobs, bodies },
          {
            build: core.config.build,
            quotas: core.config.quotas,
            isNodeLost: (node) => faults.list().some(({ fault }) => fault.kind === "lose-node" && fault.node === node),
            stallMs: (id) => faults.take("stall-guest-io", id)?.stallMs,
            ...settings,
          },
        );
        const started = async (): Promise<void> => {
          await provider.resumeVms(services);
          faults.onChange(() => void provider.resumeVms(services));
        };
        return { providers: [provider], started };
      },
    ],
  });
  const east = emulator.stamp("east");
  const client = await createStampClient(east, emulator.caCertificate);
  const subscription = `/subscriptions/${east.subscriptionId}`;
  const group = `${subscription}/resourceGroups/rg1`;
  await client.arm("PUT", group, "2019-10-01", { location: "east" });
  const full = (path: string): string => (path.startsWith("/") ? path : `${group}/providers/Microsoft.Compute/${path}`);
  const arm: ComputeStamp["arm"] = (method, path, body, apiVersion = versionOf(path)) =>
    client.arm(method, full(path), apiVersion, body);
  const done: ComputeStamp["done"] = async (method, path, body) => {
    const reply = await arm(method, path, body);
    if (reply.status >= 400) return `${reply.status} ${reply.body?.error?.code}`;
    const last = await client.settle(reply);
    if (last === reply) return String(reply.status);
    return last.body.error === undefined ? last.body.status : `${last.body.status} ${last.body.error.code}`;
  };
  const located = (properties: object): object => ({ location: "east", properties });
  const nic = async (name: string): Promise<string> => {
    const id = `${group}/providers/Microsoft.Network/networkInterfaces/${name}`;
    const { resources } = east.stamp.services;
    if (resources.get(id) !== undefined) return id;
    await resources.put({
      id,
      name,
      type: "Microsoft.Network/networkInterfaces",
      location: "east",
      properties: {},
    });
    return id;
  };
  return {
    group,
    subscription,
    pages,
    access,
    blobs,
    bodies,
    faults: east.faults,
    clock,
    arm,
    done,
    disk: (name, sizeGB = 4, extra = {}) =>
      done("PUT", `disks/${name}`, located({ creationData: { createOption: "Empty" }, diskSizeGB: sizeGB, ...extra })),
    snapshot: (name, disk, incremental = true) =>
      done(
        "PUT",
        `snapshots/${name}`,
        located({ incremental, creationData: { createOption: "Copy", sourceResourceId: full(`disks/${disk}`) } }),
      ),
    nic,
    vmBody: async (name, osDisk, dataDisks = []) => ({
      location: "east",
      properties: {
        hardwareProfile: { vmSize: "Standard_A2_v2" },
        storageProfile: {
          osDisk: { osType: "Linux", createOption: "Attach", managedDisk: { id: full(`disks/${osDisk}`) } },
          dataDisks: dataDisks.map((disk, lun) => ({
            lun,
            createOption: "Attach",
            managedDisk: { id: full(`disks/${disk}`) },
          })),
        },
        networkProfile: { networkInterfaces: [{ id: await nic(`${name}-nic`) }] },
      },
    }),
    power: async (name) => {
      const view = await arm("GET", `virtualMachines/${name}/instanceView`);
      return view.body.statuses.at(-1).code;
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}
