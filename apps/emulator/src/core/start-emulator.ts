import { generateKeyPair, randomBytes, randomUUID } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Provider } from "../arm/provider.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { type CertificateAuthority, openCertificateAuthority } from "../identity/certificate-authority.ts";
import { createTokenIssuer } from "../identity/token-issuer.ts";
import type { BlobPlane } from "../server/blob-plane.ts";
import { startConnectProxy } from "../server/connect-proxy.ts";
import { type ControlledStamp, type ControlReply, startControlServer } from "../server/control-server.ts";
import { createFaultGate } from "../server/fault-gate.ts";
import { createRecorder, type Recorder } from "../server/recorder.ts";
import { startStampServer } from "../server/stamp-server.ts";
import { addPrincipal, ensureOwner } from "./service-principals.ts";
import { describeStamp, type RunningStamp } from "./running-stamp.ts";
import { createStamp, type Stamp } from "./stamp.ts";
import { type StampConfig, stampConfig, type StampOptions } from "./stamp-config.ts";
import { openStampDatabase } from "./stamp-database.ts";
import { type EmulatorClock, systemClock } from "./system-clock.ts";

/** What a stamp hands to the planes that are plugged into it. */
export interface StampContext {
  readonly stamp: Stamp;
  readonly faults: FaultBoard;
  /** The stamp's own folder; gone at the end where the emulator is ephemeral. */
  readonly folder: string;
  readonly isEphemeral: boolean;
}

/** What a plane adds to a stamp. */
export interface StampParts extends Partial<AsyncDisposable> {
  readonly providers?: readonly Provider[];
  readonly blobPlane?: BlobPlane;
  /** Called once the stamp listens and its operations go on. */
  readonly started?: () => Promise<void>;
  /** Answers control calls below `/stamps/<name>/`; undefined for a path that is not its own. */
  readonly control?: (method: string, path: string, body: unknown) => Promise<ControlReply | undefined>;
}

export type StampPlane = (context: StampContext) => Promise<StampParts>;

export interface EmulatorOptions {
  /** `east` and `west` when left out. */
  readonly stamps?: readonly StampOptions[];
  /** Where state is kept. Left out: a temporary folder that goes with the emulator. */
  readonly data?: string;
  /** First of the ports: two per stamp, then the control API's. 0 or left out: chosen by the system. */
  readonly port?: number;
  /** Port of the CONNECT proxy, 0 for any; no proxy when left out. */
  readonly proxyPort?: number;
  /** JSONL file that every exchange is appended to; by default a new one in the folder HOLDFAST_RECORD_DIR, if that is set. */
  readonly record?: string;
  readonly planes?: readonly StampPlane[];
  readonly clock?: EmulatorClock;
}

export interface Emulator extends AsyncDisposable {
  readonly stamps: readonly RunningStamp[];
  /** PEM. */
  readonly caCertificate: string;
  readonly caFile: string;
  readonly controlUrl: string;
  readonly controlToken: string;
  readonly controlTokenFile: string;
  readonly proxyUrl: string | undefined;
  stamp(name: string): RunningStamp;
}

async function readOrMake(file: string, make: () => Promise<string>): Promise<string> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return readFile(file, "utf8");
  const text = await make();
  await writeFile(file, text, { mode: 0o600 });
  return text;
}

async function makeSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Names that one stamp answers to. */
function certificateNames(domain: string): string[] {
  const hosts = ["management", "adminmanagement", "portal", "adminportal", "adfs", "graph", "login"];
  const wild = ["blob", "queue", "table", "vault"];
  return [
    "localhost",
    ...hosts.map((host) => `${host}.${domain}`),
    ...wild.map((service) => `*.${service}.${domain}`),
    "login.microsoftonline.com",
    "login.windows.net",
  ];
}

interface Shared {
  readonly folder: string;
  readonly isEphemeral: boolean;
  readonly authority: CertificateAuthority;
  readonly signingKey: string;
  readonly recorder: Recorder | undefined;
  readonly clock: EmulatorClock;
  readonly planes: readonly StampPlane[];
}

function recordFile(options: EmulatorOptions): string | undefined {
  const folder = process.env["HOLDFAST_RECORD_DIR"];
  return options.record ?? (folder === undefined ? undefined : join(folder, `${randomUUID()}.jsonl`));
}

/** Builds the planes of a stamp, one after another, and adds what each brings. */
async function plugIn(
  shared: Shared,
  stamp: Stamp,
  folder: string,
  stack: AsyncDisposableStack,
): Promise<readonly StampParts[]> {
  const all: StampParts[] = [];
  for (const plane of shared.planes) {
    const parts = await plane({ stamp, faults: stamp.faults, folder, isEphemeral: shared.isEphemeral });
    stack.defer(async () => parts[Symbol.asyncDispose]?.());
    stamp.addProviders(parts.providers ?? []);
    all.push(parts);
  }
  return all;
}

function controlOf({ core, faults }: Stamp, parts: readonly StampParts[]): ControlledStamp {
  return {
    name: core.config.name,
    faults,
    addPrincipal: (request) => addPrincipal(core, request),
    extra: async (method, path, body) => {
      for (const one of parts) {
        const reply = await one.control?.(method, path, body);
        if (reply !== undefined) return reply;
      }
      return undefined;
    },
  };
}

interface StartedStamp {
  readonly running: RunningStamp;
  readonly controlled: ControlledStamp;
}

async function startStamp(
  shared: Shared,
  config: StampConfig,
  ports: { readonly tls: number; readonly plain: number },
  stack: AsyncDisposableStack,
): Promise<StartedStamp> {
  const folder = join(shared.folder, "stamps", config.name);
  await mkdir(folder, { recursive: true });
  const secretFile = join(folder, "client-secret");
  const secret = await readOrMake(secretFile, async () => randomBytes(24).toString("base64url"));
  let port = ports.tls;
  const stamp = stack.use(
    createStamp({
      config,
      database: openStampDatabase(shared.isEphemeral ? ":memory:" : join(folder, "arm.sqlite")),
      clock: shared.clock,
      uuid: () => randomUUID(),
      port: () => port,
    }),
  );
  const clientId = await ensureOwner(stamp.core, secret);
  const parts = await plugIn(shared, stamp, folder, stack);
  const { services, core, gateway, faults } = stamp;
  const issuer = createTokenIssuer({ config, signingKey: shared.signingKey, now: services.now });
  const { now, uuid } = services;
  const server = stack.use(
    await startStampServer(
      {
        config,
        keyPair: await shared.authority.issue(`management.${config.domain}`, certificateNames(config.domain)),
        arm: { config, gateway, issuer, uuid },
        identity: { config, principals: core.principals, issuer, now, uuid },
        gate: createFaultGate(faults),
        blobPlane: parts.map((one) => one.blobPlane).find((one) => one !== undefined),
        recorder: shared.recorder,
      },
      ports,
    ),
  );
  port = server.port;
  faults.onChange(() => void server.setReachable(faults.peek("lose-stamp") === undefined));
  stamp.resume();
  for (const one of parts) await one.started?.();
  const running = describeStamp(stamp, {
    port,
    plainPort: server.plainPort,
    clientId,
    clientSecret: secret,
    clientSecretFile: secretFile,
    caFile: join(shared.folder, "ca.crt"),
  });
  return { running, controlled: controlOf(stamp, parts) };
}

/** Starts the stamps and answers how to reach them. Dispose it to end everything. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  await using stack = new AsyncDisposableStack();
  const clock = options.clock ?? systemClock;
  const isEphemeral = options.data === undefined;
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), "ash-emulator-")));
  if (isEphemeral) stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [authority, signingKey] = await Promise.all([
    openCertificateAuthority(folder, clock.now()),
    readOrMake(join(folder, "signing.key"), makeSigningKey),
  ]);
  const record = recordFile(options);
  const recorder = record === undefined ? undefined : stack.use(createRecorder(record));
  const shared = { folder, isEphemeral, authority, signingKey, recorder, clock, planes: options.planes ?? [] };
  const started: StartedStamp[] = [];
  const base = options.port ?? 0;
  for (const one of options.stamps ?? [{ name: "east" }, { name: "west" }]) {
    const first = base + 2 * started.length;
    const ports = base === 0 ? { tls: 0, plain: 0 } : { tls: first, plain: first + 1 };
    started.push(await startStamp(shared, stampConfig(one), ports, stack));
  }
  const stamps = started.map((one) => one.running);
  const controlTokenFile = join(folder, "control-token");
  const controlToken = await readOrMake(controlTokenFile, async () => randomBytes(24).toString("base64url"));
  const controlPort = base === 0 ? 0 : base + 2 * started.length;
  const controlled = started.map((one) => one.controlled);
  const control = stack.use(await startControlServer(controlled, controlToken, controlPort));
  const proxied = stamps.map(({ domain, port, identity }) => ({ domain, port, isEntra: identity === "entra" }));
  const proxy =
    options.proxyPort === undefined ? undefined : stack.use(await startConnectProxy(proxied, options.proxyPort));
  const owned = stack.move();
  return {
    stamps,
    caCertificate: authority.certificate,
    caFile: join(folder, "ca.crt"),
    controlUrl: control.url,
    controlToken,
    controlTokenFile,
    proxyUrl: proxy?.url,
    stamp: (name) => {
      const found = stamps.find((one) => one.name === name);
      if (found === undefined) throw new Error(`the emulator has no stamp ${name}`);
      return found;
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}
