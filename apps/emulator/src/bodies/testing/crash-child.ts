// Runs a tiny guest until it is killed: the child of the crash test. Prints the process id of QEMU.
import { createVmBodies } from "../create-vm-bodies.ts";
import { QemuBodies } from "../qemu-bodies.ts";
import { MemoryVolume } from "./memory-volume.ts";
import { realClock } from "./real-clock.ts";
import { tinyGuestSectors } from "./tiny-guest.ts";

const volume = new MemoryVolume("os", 1024 * 1024);
await volume.write(0, tinyGuestSectors({ powersOff: false }));
const bodies = await createVmBodies(
  { pageStore: { open: () => volume }, clock: realClock },
  { kind: "real", folder: process.argv[2] ?? "" },
);
const disks = [{ lun: null, volumeId: "os", visibleBytes: volume.sizeBytes }];
await bodies.start({ vmKey: "vm", memoryMiB: 64, cores: 1, disks });
if (bodies instanceof QemuBodies) console.log(bodies.pidOf("vm"));
