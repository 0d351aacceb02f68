import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import type { ContainerClient, PageBlobClient, Pipeline, StorageSharedKeyCredential } from "@azure/storage-blob";
import { AnonymousCredential, BlobClient, BlobServiceClient, newPipeline } from "@azure/storage-blob";
import type { EmulatedStamp } from "./emulated-stamp.ts";

/** The newest version of the data plane that the platform knows; the SDK would ask for a newer one. */
const platformVersion = "2019-07-07";

/** The stamp's CA trusted, and its host names found on loopback, where no DNS knows them. */
function loopbackAgent(stamp: EmulatedStamp): Agent {
  return new Agent({
    ca: readFileSync(stamp.caFile),
    keepAlive: true,
    lookup: (_host, options, done) => {
      if (options.all === true) done(null, [{ address: "127.0.0.1", family: 4 }]);
      else done(null, "127.0.0.1", 4);
    },
  });
}

function stampPipeline(stamp: EmulatedStamp, credential: StorageSharedKeyCredential | AnonymousCredential): Pipeline {
  const agent = loopbackAgent(stamp);
  const pipeline = newPipeline(credential, { retryOptions: { maxTries: 1 } });
  // First in line, so that the version is in place before the request is signed.
  pipeline.factories.unshift({
    create: (next) => ({
      sendRequest: (request) => {
        request.headers.set("x-ms-version", platformVersion);
        request.agent = agent;
        return next.sendRequest(request);
      },
    }),
  });
  return pipeline;
}

/** Opens a SAS address with Microsoft's client, pinned to the platform's version. */
export function connectBlobClient(stamp: EmulatedStamp, url: string): BlobClient {
  return new BlobClient(url, stampPipeline(stamp, new AnonymousCredential()));
}

/** Opens a page blob with an account key. */
export function pageBlobClient(
  stamp: EmulatedStamp,
  url: string,
  credential: StorageSharedKeyCredential,
): { readonly container: ContainerClient; readonly page: PageBlobClient } {
  const { origin, pathname } = new URL(url);
  const [, containerName = "", ...name] = pathname.split("/");
  const service = new BlobServiceClient(origin, stampPipeline(stamp, credential));
  const container = service.getContainerClient(containerName);
  return { container, page: container.getPageBlobClient(name.join("/")) };
}
