import type { IncomingMessage, ServerResponse } from "node:http";
import type { BlobPlane } from "../server/blob-plane.ts";
import { answerBlob } from "./blob-operations.ts";
import { type BlobCall, type BlobReply, parseBlobCall } from "./blob-call.ts";
import type { BlobDeps } from "./blob-deps.ts";
import { BlobError, authenticationFailed, invalidHeader } from "./blob-error.ts";
import { getBlockList, putBlock, putBlockBlob, putBlockList } from "./block-operations.ts";
import { answerContainer } from "./container-operations.ts";
import { copyBlob, type FindCopySource } from "./copy-operations.ts";
import { listBlobs, listContainers, escapeXml } from "./list-operations.ts";
import { createPageBlob, getPageRanges, putPage } from "./page-operations.ts";
import { allPermissions, checkSas, newestVersion, type Permissions, requirePermission } from "./sas.ts";
import { requireSharedKey } from "./shared-key.ts";

/** The data plane's versions on the platform (release notes; build 2008 brought the last). */
const versions = new Set([
  "2015-04-05",
  "2015-07-08",
  "2015-12-11",
  "2016-05-31",
  "2017-04-17",
  "2017-07-29",
  "2017-11-09",
  "2018-03-28",
  "2018-11-09",
  "2019-02-02",
  newestVersion,
]);

function versionOf(call: BlobCall): string {
  const version = call.header("x-ms-version");
  if (version === undefined) return call.query.get("sv") ?? newestVersion;
  if (!versions.has(version)) throw invalidHeader("x-ms-version", version);
  return version;
}

/** Who may do what: the platform's own disk accounts by grant, tenant accounts by key or SAS. */
function authenticate(deps: BlobDeps, call: BlobCall): Permissions {
  const path = `${call.account}/${call.container}/${call.blob}`;
  const hasSignature = call.query.has("sig");
  if (hasSignature && deps.faults.take("refuse-sas", path) !== undefined) throw authenticationFailed("Refused.");
  if (hasSignature && deps.faults.take("expire-sas", path) !== undefined) {
    throw authenticationFailed("Signature not valid in the specified time frame.");
  }
  if (deps.grants.isDiskAccount(call.account)) {
    const grant = deps.grants.require(call);
    return { has: (letter) => letter === "r" || grant.access === "Write" };
  }
  const keys = deps.keysOf(call.account);
  if (keys === undefined) throw new BlobError(404, "ResourceNotFound", "The specified resource does not exist.");
  const authorization = call.header("authorization");
  if (authorization !== undefined) {
    requireSharedKey(call, authorization, keys);
    return allPermissions;
  }
  if (!hasSignature) {
    throw new BlobError(404, "ResourceNotFound", "The specified resource does not exist.");
  }
  const policies = deps.catalog.findContainer(call.account, call.container)?.policies ?? [];
  return checkSas(call, { keys, nowMs: deps.now(), policies });
}

/** The SAS letters of which one must be held. */
function lettersFor(call: BlobCall): string {
  if (call.method === "DELETE") return "d";
  if (call.query.get("comp") === "list") return "l";
  if (call.method === "GET" || call.method === "HEAD") return "r";
  return call.query.get("comp") === "snapshot" || call.query.get("comp") === null ? "cw" : "w";
}

async function answerBlobCall(deps: BlobDeps, call: BlobCall, find: FindCopySource): Promise<BlobReply | undefined> {
  if (call.method === "PUT") {
    switch (call.query.get("comp")) {
      case null: {
        if (call.header("x-ms-copy-source") !== undefined) return copyBlob(deps, call, find);
        const type = call.header("x-ms-blob-type");
        if (type === "PageBlob") return createPageBlob(deps, call);
        if (type === "BlockBlob") return putBlockBlob(deps, call);
        throw invalidHeader("x-ms-blob-type", type ?? "");
      }
      case "page":
        return putPage(deps, call);
      case "block":
        return putBlock(deps, call);
      case "blocklist":
        return putBlockList(deps, call);
      default:
        return answerBlob(deps, call);
    }
  }
  if (call.method === "GET" && call.query.get("comp") === "pagelist") return getPageRanges(deps, call);
  if (call.method === "GET" && call.query.get("comp") === "blocklist") return getBlockList(deps, call);
  return answerBlob(deps, call);
}

/** Service properties of an account on which nothing was set. */
const serviceProperties =
  '<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging><Cors /><DefaultServiceVersion>2019-07-07</DefaultServiceVersion></StorageServiceProperties>';

async function route(deps: BlobDeps, asked: BlobCall, find: FindCopySource): Promise<BlobReply> {
  const permissions = authenticate(deps, asked);
  requirePermission(permissions, lettersFor(asked));
  const call = { ...asked, mayReplace: permissions.has("w") };
  const isContainerCall = call.query.get("restype") === "container" && call.blob === "";
  let reply: BlobReply | undefined;
  if (call.container === "") {
    if (call.query.get("comp") === "list") reply = listContainers(deps, call);
    else if (call.query.get("comp") === "properties" && call.method === "GET") {
      reply = { status: 200, headers: { "content-type": "application/xml" }, body: serviceProperties };
    }
  } else if (isContainerCall) {
    reply = call.query.get("comp") === "list" ? listBlobs(deps, call) : await answerContainer(deps, call);
  } else if (call.blob !== "") reply = await answerBlobCall(deps, call, find);
  if (reply !== undefined) return reply;
  throw new BlobError(
    400,
    "UnsupportedQueryParameter",
    "One of the query parameters specified in the request URI is not supported.",
  );
}

function toErrorReply(error: unknown): BlobReply {
  const known =
    error instanceof BlobError
      ? error
      : new BlobError(500, "InternalError", `The server encountered an internal error: ${String(error)}`);
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${known.code}</Code><Message>${escapeXml(known.message)}</Message></Error>`;
  return {
    status: known.status,
    headers: { "content-type": "application/xml", "x-ms-error-code": known.code, ...known.headers },
    ...(known.status === 304 ? {} : { body }),
  };
}

async function writeReply(deps: BlobDeps, call: BlobCall, version: string, reply: BlobReply): Promise<void> {
  const { response } = call;
  const body = reply.body === undefined ? undefined : Buffer.from(reply.body);
  const clientId = call.header("x-ms-client-request-id");
  response.writeHead(reply.status, {
    server: "Blob Service Version 1.0",
    "x-ms-request-id": deps.uuid(),
    "x-ms-version": version,
    date: new Date(deps.now()).toUTCString(),
    ...(clientId === undefined ? {} : { "x-ms-client-request-id": clientId }),
    ...reply.headers,
    "content-length": String(reply.contentLength ?? body?.length ?? 0),
  });
  if (call.method === "HEAD") response.end();
  else if (reply.send !== undefined) await reply.send(response);
  else response.end(body);
}

/** The blob service of one stamp. */
export function createBlobPlane(deps: BlobDeps, find: FindCopySource): BlobPlane {
  return {
    handle: async (request: IncomingMessage, response: ServerResponse) => {
      let call: BlobCall | undefined;
      let version = newestVersion;
      let reply: BlobReply;
      try {
        call = parseBlobCall(request, response);
        version = versionOf(call);
        reply = await route(deps, call, find);
      } catch (error) {
        reply = toErrorReply(error);
      }
      if (call === undefined) {
        response.writeHead(reply.status, reply.headers);
        response.end(reply.body);
        return;
      }
      await writeReply(deps, call, version, reply);
      // What a refused caller still sends is read away, so that its connection can go on.
      if (!request.readableEnded) request.resume();
    },
  };
}
