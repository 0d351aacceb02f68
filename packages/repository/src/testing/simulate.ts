import { createHash } from "node:crypto";
import type { RecoveryPoint } from "@holdfast/domain";
import { HoldfastError, invariant } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { openChunkStore } from "../chunk-store.ts";
import { createInlineCodec } from "../crypto/inline-codec.ts";
import { createPointStore } from "../point-store.ts";
import { testKeys } from "./keyed-repository.ts";
import { bytesOf, changeDisk, diskFrom, randomDisk, rangeOf } from "./small-disks.ts";
import type { SmallDisk } from "./small-disks.ts";
import { createSteppedStore } from "./stepped-store.ts";
import type { Step } from "./stepped-store.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Calls to the store, all processes together. */
  readonly steps: number;
}

export interface SimulationResult {
  readonly published: number;
  readonly withdrawn: number;
  readonly deleted: number;
  readonly broughtBack: number;
  readonly prunes: number;
  readonly deletedPacks: number;
  readonly rewrittenPacks: number;
  readonly kills: number;
  readonly failedCalls: number;
  readonly verifiedReads: number;
}

type Points = ReturnType<typeof createPointStore>;

/** What the world knows of a point. */
interface Known {
  readonly disk: SmallDisk;
  /** Whether `publishPoint` returned. */
  isAcknowledged: boolean;
  /** Whether a deletion was ever begun: from then on it may be gone, and may come back. */
  isTouched: boolean;
}

const processCount = 5;
const pointsWanted = 4;
/** Steps that a process may stand still: long enough for others to prune it away. */
const longestFreeze = 1500;

/**
 * Runs several processes over one faulty store in memory, one call at a time in an order that the seed says: captures (whole
 * and incremental), prunes, deletions and restores; calls fail, answers are lost, processes are killed at any call and
 * others take their place. Holds what is stored against a model: every acknowledged point that nobody deleted is there and
 * whole, whatever a point that is listed holds is what was captured, and in the end no space is lost. Raises, with the
 * seed in the message, where it is not so.
 */
export async function simulate({ seed, steps }: SimulationOptions): Promise<SimulationResult> {
  const world = createWorld(seed, steps);
  try {
    const processes = Array.from({ length: processCount }, (_, i) => runProcess(world, i));
    await schedule(world);
    await Promise.all(processes);
    await judgeEnd(world);
    return world.result;
  } catch (error) {
    throw new Error(`simulate({ seed: ${seed}, steps: ${steps} }): ${String(error)}`, { cause: error });
  }
}

type World = ReturnType<typeof createWorld>;

function createWorld(seed: number, steps: number) {
  return {
    steps,
    store: new InMemoryBlobStore(),
    /** Decides what happens next; ids have another, so that a change of code moves as little as can be. */
    choices: new SeededRandom(seed),
    /** Kills in a thousand calls, and half of the calls that fail: some worlds are calm, so that long work ends too. */
    storm: [0, 0.3, 1, 3][seed % 4]!,
    /** Processes that stand still, and until which step: as one does whose machine sleeps or whose network hangs. */
    frozen: new Map<number, number>(),
    ids: bytesBySeed(seed),
    points: new Map<string, Known>(),
    waiting: [] as { readonly process: number; go(step: Step): void }[],
    running: new Set<number>(),
    isOver: false,
    violations: [] as string[],
    result: {
      published: 0,
      withdrawn: 0,
      deleted: 0,
      broughtBack: 0,
      prunes: 0,
      deletedPacks: 0,
      rewrittenPacks: 0,
      kills: 0,
      failedCalls: 0,
      verifiedReads: 0,
    },
  };
}

/** Random bytes that do not depend on the machine. */
function bytesBySeed(seed: number): Random {
  let count = 0;
  const bytes = (length: number): Uint8Array => {
    count += 1;
    return createHash("sha512").update(`${seed} ${count}`).digest().subarray(0, length);
  };
  const uuid = (): string => Buffer.from(bytes(16)).toString("hex");
  return { bytes, uuid, fraction: () => Buffer.from(bytes(4)).readUInt32BE() / 2 ** 32 };
}

/** Lets one waiting call after the other happen, until the steps are used up; then everybody who still runs is killed. */
async function schedule(world: World): Promise<void> {
  const { waiting, choices } = world;
  for (let step = 0; world.running.size > 0; step += 1) {
    await quiesce(world);
    if (choices.fraction() < 0.01)
      world.frozen.set(Math.floor(choices.fraction() * processCount), step + choices.fraction() * longestFreeze);
    const awake = waiting.filter(({ process }) => (world.frozen.get(process) ?? 0) <= step);
    const among = awake.length > 0 ? awake : waiting;
    const chosen = among[Math.floor(choices.fraction() * among.length)];
    if (chosen === undefined) continue;
    waiting.splice(waiting.indexOf(chosen), 1);
    if (step >= world.steps) world.isOver = true;
    chosen.go(world.isOver ? "die" : fate(world));
  }
}

function fate({ choices, storm, result }: World): Step {
  const roll = choices.fraction() * 1000;
  if (roll < storm) {
    result.kills += 1;
    return "die";
  }
  if (roll < 3 * storm) {
    result.failedCalls += 1;
    return roll < 2 * storm ? "fail before" : "fail after";
  }
  return "do";
}

/** Waits until every process waits for its next call, or is at work on something that never ends by itself. */
async function quiesce(world: World): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  while (world.running.size > 0 && world.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

/** A process after the other under one number, each until it is killed. */
async function runProcess(world: World, process: number): Promise<void> {
  world.running.add(process);
  while (!world.isOver) {
    let isDead = false;
    const store = createSteppedStore(world.store, async () => {
      const step = await new Promise<Step>((go) => world.waiting.push({ process, go }));
      isDead ||= step === "die";
      return step;
    });
    const open = async (): Promise<Points> => {
      const parts = { store, keys: testKeys, random: world.ids };
      return createPointStore({
        ...parts,
        chunks: await openChunkStore({ ...parts, codec: createInlineCodec(testKeys) }),
      });
    };
    while (!isDead && !world.isOver) {
      try {
        await live(world, await open());
      } catch (error) {
        // A call that failed ends what the process was at; it starts anew. Broken promises are another matter.
        if (error instanceof HoldfastError && error.kind === "bug") world.violations.push(String(error.stack));
      }
    }
  }
  world.running.delete(process);
}

/** A few things that a process does with one open repository. */
async function live(world: World, points: Points): Promise<void> {
  for (;;) {
    const roll = world.choices.fraction();
    if (roll < 0.4) await captureAndPublish(world, points);
    else if (roll < 0.55) await deleteSome(world, points);
    else if (roll < 0.62) await bringBack(world, points);
    else if (roll < 0.85) await prune(world, points);
    else await readOne(world, points);
    if (world.choices.fraction() < 0.3) return;
  }
}

async function captureAndPublish(world: World, points: Points): Promise<void> {
  const { choices, result } = world;
  const listed = choices.fraction() < 0.6 ? await points.listPoints() : [];
  const base = listed[Math.floor(choices.fraction() * listed.length)];
  const before = base === undefined ? undefined : world.points.get(base.id)?.disk;
  const { disk, at } = changeDisk(before ?? randomDisk(choices), choices);
  const bytes = bytesOf(disk);
  const ranges = before === undefined ? [{ start: 0, end: bytes.length }] : [rangeOf(at)];
  const { image } = await points.captureDisk({
    source: { sizeBytes: bytes.length, read: async ({ start, end }) => Uint8Array.from(bytes.subarray(start, end)) },
    ranges,
    ...(before === undefined ? {} : { base: base!.disks[0]!.image }),
  });
  const id = world.ids.uuid();
  const known: Known = { disk, isAcknowledged: false, isTouched: false };
  world.points.set(id, known);
  try {
    await points.publishPoint(madePoint(id, image));
    known.isAcknowledged = true;
    result.published += 1;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "repository.point.withdrawn") result.withdrawn += 1;
    throw error;
  }
}

function madePoint(id: string, image: object): RecoveryPoint {
  const disks = [{ image, bytes: { stored: 1 } }];
  return { id, stampName: "east", instance: { id: "vm" }, publishedAtMs: 1, disks } as unknown as RecoveryPoint;
}

/** Keeps points few, so that chunks lose their last point, and come back. */
async function deleteSome(world: World, points: Points): Promise<void> {
  const listed = await points.listPoints();
  const count = listed.length > pointsWanted ? Math.ceil(listed.length / 2) : 1;
  const first = Math.floor(world.choices.fraction() * listed.length);
  const chosen = listed.slice(first, first + count).map(({ id }) => id);
  for (const id of chosen) world.points.get(id)!.isTouched = true;
  await points.deletePoints(chosen, { hasConsent: true });
  world.result.deleted += chosen.length;
}

async function bringBack(world: World, points: Points): Promise<void> {
  const deleted = await points.listDeleted();
  const chosen = deleted[Math.floor(world.choices.fraction() * deleted.length)];
  if (chosen === undefined) return;
  await points.undeletePoint(chosen.point.id);
  world.result.broughtBack += 1;
}

async function prune(world: World, points: Points): Promise<void> {
  const graceRounds = Math.floor(world.choices.fraction() * 3);
  const report = await points.prune({ graceRounds });
  world.result.prunes += 1;
  world.result.deletedPacks += report.deletedPacks;
  world.result.rewrittenPacks += report.rewrittenPacks;
}

/** A point that is listed holds what was captured, unless it is deleted while it is read. */
async function readOne(world: World, points: Points): Promise<void> {
  const listed = await points.listPoints();
  const chosen = listed[Math.floor(world.choices.fraction() * listed.length)];
  if (chosen === undefined) return;
  try {
    await compare(world, points, chosen);
    world.result.verifiedReads += 1;
  } catch (error) {
    const isDamage = error instanceof HoldfastError && error.code.startsWith("repository.chunk.");
    if (isDamage && !world.points.get(chosen.id)!.isTouched)
      world.violations.push(`restore of ${chosen.id}: ${String(error)}`);
    throw error;
  }
}

async function compare(world: World, points: Points, point: RecoveryPoint): Promise<void> {
  const { image } = point.disks[0]!;
  const opened = await points.openDisk(image);
  const read = diskFrom(await opened.read({ start: 0, end: image.sizeBytes }));
  const { values } = world.points.get(point.id)!.disk;
  if (read === null || read.values.join() !== values.join())
    world.violations.push(`point ${point.id} holds ${read?.values.join()}, not ${values.join()}`);
}

/** Looks at what all of it left, from a process that nothing befalls. */
async function judgeEnd(world: World): Promise<void> {
  const { store } = world;
  const parts = { store, keys: testKeys, random: world.ids };
  const open = async (): Promise<Points> =>
    createPointStore({ ...parts, chunks: await openChunkStore({ ...parts, codec: createInlineCodec(testKeys) }) });
  const judge = async (when: string): Promise<void> => {
    const points = await open();
    const listed = await points.listPoints();
    const ids = new Set(listed.map(({ id }) => id));
    for (const [id, { isAcknowledged, isTouched }] of world.points)
      if (isAcknowledged && !isTouched && !ids.has(id)) world.violations.push(`${when}: ${id} is not listed`);
    for (const point of listed)
      await compare(world, points, point).catch((error: unknown) => {
        world.violations.push(`${when}: ${point.id}: ${String(error)}`);
      });
    for (const { object, message } of (await points.check()).findings)
      world.violations.push(`${when}: check: ${object}: ${message}`);
  };
  await judge("after the last step");
  // The dead are fenced by the fourth prune that sees them, and what they left goes two later.
  for (let i = 0; i < 7; i += 1) await (await open()).prune({ graceRounds: 0 });
  await judge("after the last prunes");
  await expectNoSpaceLost(world, await open());
  if (world.violations.length > 0) throw new Error(`\n${world.violations.slice(0, 20).join("\n")}`);
}

/** Deletes everything that is left: then nothing but epochs, fences and the like may be there. */
async function expectNoSpaceLost(world: World, points: Points): Promise<void> {
  const ids = (await points.listPoints()).map(({ id }) => id);
  await points.deletePoints(ids, { hasConsent: true });
  for (let i = 0; i < 3; i += 1) await points.prune({ graceRounds: 0 });
  const left = [...world.store.objects.keys()].filter((name) => /^(packs|index|points|deleted|writers)\//.test(name));
  if (left.length > 0) world.violations.push(`left behind: ${left.slice(0, 5).join(", ")}`);
  invariant(world.waiting.length === 0, "nobody waits when all is over");
}
