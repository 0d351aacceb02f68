import { join } from "node:path";
import type { Emulator, PageStore, RunningStamp, VmKind } from "@holdfast/emulator";
import { standardPlanes, startEmulator } from "@holdfast/emulator";

/** Two stamps whose state is in a folder: VMs of `east` are inert, those of `west` as asked. */
export interface DebianStamps extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly east: RunningStamp;
  readonly west: RunningStamp;
  /** The volumes of a stamp, for writes that a guest would make and for looking behind the platform's back. */
  pagesOf(stamp: RunningStamp): PageStore;
}

/** Starts the stamps, or starts them again from what an earlier start left in the folder. */
export async function startDebianStamps(folder: string, westVms: VmKind): Promise<DebianStamps> {
  const pages = new Map<string, PageStore>();
  const emulator = await startEmulator({
    data: join(folder, "stamps"),
    stamps: [{ name: "east" }, { name: "west" }],
    planes: standardPlanes({
      vms: (stampName) => (stampName === "west" ? westVms : "inert"),
      onPages: (stampName, store) => void pages.set(stampName, store),
    }),
  });
  return {
    emulator,
    east: emulator.stamp("east"),
    west: emulator.stamp("west"),
    pagesOf: (stamp) => {
      const store = pages.get(stamp.name);
      if (store === undefined) throw new Error(`stamp ${stamp.name} has no volumes`);
      return store;
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}
