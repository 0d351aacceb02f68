import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import type { StoragePipelineOptions } from "@azure/storage-blob";
import {
  AnonymousCredential,
  BlobClient,
  BlobServiceClient,
  newPipeline,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { type Emulator, startEmulator } from "../../core/start-emulator.ts";
import { standardPlanes } from "../../core/standard-planes.ts";
import type { RunningStamp } from "../../core/running-stamp.ts";
import type { PageStore } from "../../pages/page-store.ts";
import { createStampClient, type StampClient } from "../../testing/stamp-client.ts";

/** A stamp with one storage account, and Microsoft's own client on it. */
export interface StorageFixture extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly stamp: RunningStamp;
  readonly arm: StampClient;
  readonly groupId: string;
  readonly credential: StorageSharedKeyCredential;
  /** With the account's key. */
  readonly service: BlobServiceClient;
  /** `https://<account>.blob.<domain>:<port>` */
  readonly origin: string;
  /** The volumes under the disks of a stamp. */
  pages(stampName: string): PageStore;
  /** Without any credential but what stands in the address; `version` differs where a test wants it to. */
  open(address: string, version?: string): BlobClient;
  /** With this key, whoever's it is. */
  openAs(address: string, credential: StorageSharedKeyCredential): BlobClient;
  /** A GET with plain HTTP: `<status> <body>`. */
  get(address: string): Promise<string>;
}

const platformVersion = "2019-07-07";
const account = "tenantdata";

function pipeline(credential: StorageSharedKeyCredential | AnonymousCredential, agent: Agent, version: string) {
  const options: StoragePipelineOptions = { retryOptions: { maxTries: 1 } };
  const made = newPipeline(credential, options);
  // First in line: the version is a part of what is signed.
  made.factories.unshift({
    create: (next) => ({
      sendRequest: (request) => {
        request.headers.set("x-ms-version", version);
        request.agent = agent;
        return next.sendRequest(request);
      },
    }),
  });
  return made;
}

/** Starts the stamp; its names resolve to loopback for these clients. */
export async function openStorageFixture(): Promise<StorageFixture> {
  await using stack = new AsyncDisposableStack();
  const volumes = new Map<string, PageStore>();
  const emulator = stack.use(
    await startEmulator({
      stamps: [{ name: "east", operationScale: 0, retryAfterSeconds: 0 }],
      planes: standardPlanes({ vms: "inert", operationMs: 0, onPages: (name, pages) => void volumes.set(name, pages) }),
    }),
  );
  const stamp = emulator.stamp("east");
  const arm = await createStampClient(stamp, emulator.caCertificate);
  const groupId = `/subscriptions/${stamp.subscriptionId}/resourceGroups/rg`;
  await arm.arm("PUT", groupId, "2019-10-01", { location: "east" });
  const accountId = `${groupId}/providers/Microsoft.Storage/storageAccounts/${account}`;
  const body = { location: "east", kind: "Storage", sku: { name: "Standard_LRS" }, properties: {} };
  await arm.settle(await arm.arm("PUT", accountId, "2019-06-01", body));
  const keys = await arm.arm("POST", `${accountId}/listKeys`, "2019-06-01", {});
  const credential = new StorageSharedKeyCredential(account, keys.body.keys[0].value);
  const agent = new Agent({
    ca: emulator.caCertificate,
    keepAlive: true,
    lookup: (_host, options, done) => {
      if (options.all === true) done(null, [{ address: "127.0.0.1", family: 4 }]);
      else done(null, "127.0.0.1", 4);
    },
  });
  stack.defer(() => agent.destroy());
  const origin = `https://${account}.blob.${stamp.domain}:${stamp.port}`;
  const owned = stack.move();
  return {
    emulator,
    stamp,
    arm,
    groupId,
    credential,
    service: new BlobServiceClient(origin, pipeline(credential, agent, platformVersion)),
    origin,
    pages: (stampName) => volumes.get(stampName)!,
    open: (address, version = platformVersion) =>
      new BlobClient(address, pipeline(new AnonymousCredential(), agent, version)),
    openAs: (address, wanted) => new BlobClient(address, pipeline(wanted, agent, platformVersion)),
    get: async (address) => {
      const sent = request(address, { agent, headers: { "x-ms-version": platformVersion } }).end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      return `${answer.statusCode} ${await text(answer)}`;
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}
