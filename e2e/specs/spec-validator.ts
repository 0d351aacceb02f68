import type { LivePair, LiveResult } from "oav/dist/lib/liveValidation/liveValidator.js";
import { LiveValidator } from "oav/dist/lib/liveValidation/liveValidator.js";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { blobPair, plainWord } from "./blob-pair.ts";
import type { Exchange } from "./exchange.ts";

/** One thing in which an exchange departs from the official specification. */
export interface Deviation {
  readonly side: "request" | "response";
  readonly operationId: string;
  readonly code: string;
  readonly message: string;
  readonly paths: readonly string[];
  readonly exchange: Exchange;
}

export interface SpecValidator {
  /** No deviations where the exchange is as the specification says. */
  validate(exchange: Exchange): Promise<{ readonly operationId: string; readonly deviations: readonly Deviation[] }>;
}

const armSpecs = [
  "specification/compute/resource-manager/Microsoft.Compute/stable/{2017-03-30,2017-12-01,2018-09-30,2019-03-01,2019-07-01}/{disk,compute}.json",
  "specification/compute/resource-manager/Microsoft.Compute/stable/2020-06-01/compute.json",
  "specification/network/resource-manager/Microsoft.Network/stable/2018-11-01/*.json",
  "specification/dns/resource-manager/Microsoft.Network/stable/2016-04-01/dns.json",
  "specification/storage/resource-manager/Microsoft.Storage/stable/2019-06-01/*.json",
  "specification/resources/resource-manager/Microsoft.Resources/stable/2019-10-01/resources.json",
  "specification/resources/resource-manager/Microsoft.Resources/stable/2016-06-01/subscriptions.json",
  "specification/resources/resource-manager/Microsoft.Authorization/stable/2016-09-01/locks.json",
  "specification/authorization/resource-manager/Microsoft.Authorization/stable/2015-07-01/*.json",
];
const blobSpec = "specification/storage/data-plane/Microsoft.BlobStorage/preview/2019-07-07/blob.json";

/** The validator's schema compiler warns hundreds of times of formats that carry no check, such as `etag`. */
async function withoutFormatWarnings<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).includes("unknown format")) warn(...words);
  };
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}

async function loadValidator(folder: string, specs: readonly string[], isArmCall: boolean): Promise<LiveValidator> {
  const validator = new LiveValidator(
    {
      directory: folder,
      git: { shouldClone: false },
      swaggerPathsPattern: specs,
      // The default leaves the data plane of storage out.
      excludedSwaggerPathsPattern: ["**/examples/**"],
      isPathCaseSensitive: !isArmCall,
      loadValidatorInInitialize: true,
      loadValidatorInBackground: false,
      isArmCall,
    },
    () => undefined,
  );
  await withoutFormatWarnings(() => validator.initialize());
  return validator;
}

/** The validator lowers the query of a request before it compares. */
function lowerQuery(path: string): string {
  const [place = "", query] = path.split("?");
  return query === undefined ? place : `${place}?${query.toLowerCase()}`;
}

/**
 * Loads the blob specification from a copy whose `x-ms-paths` can be told apart: the validator finds two operations
 * where the words of one path are a part of another's (`comp=pagelist` and `comp=pagelist&diff`).
 */
async function loadBlobValidator(folder: string): Promise<LiveValidator> {
  const copy = await mkdtemp(join(tmpdir(), "holdfast-blob-spec-"));
  try {
    const spec = JSON.parse(await readFile(join(folder, blobSpec), "utf8")) as Record<string, Record<string, unknown>>;
    const paths = Object.entries(spec["x-ms-paths"] ?? {});
    const isPartOfAnother = (key: string): boolean => paths.some(([other]) => other.startsWith(`${key}&`));
    spec["x-ms-paths"] = Object.fromEntries(
      paths.map(([key, value]) => [lowerQuery(isPartOfAnother(key) ? `${key}&${plainWord}` : key), value]),
    );
    await mkdir(join(copy, dirname(blobSpec)), { recursive: true });
    await writeFile(join(copy, blobSpec), JSON.stringify(spec));
    return await loadValidator(copy, [blobSpec], false);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function parseJson(text: string | undefined): unknown {
  return text === undefined || text === "" ? undefined : JSON.parse(text);
}

function armPair(exchange: Exchange): LivePair {
  const url = new URL(exchange.url);
  // Real clients send doubled slashes; the specification has no word for them.
  url.pathname = url.pathname.replaceAll(/\/{2,}/g, "/");
  return {
    liveRequest: {
      method: exchange.method,
      url: url.href,
      headers: { "content-type": "application/json", ...exchange.requestHeaders },
      query: Object.fromEntries(url.searchParams),
      body: parseJson(exchange.requestBody),
    },
    liveResponse: {
      statusCode: String(exchange.status),
      headers: exchange.responseHeaders,
      body: parseJson(exchange.responseBody),
    },
  };
}

function toDeviations(exchange: Exchange, side: "request" | "response", result: LiveResult): Deviation[] {
  const operationId = result.operationInfo?.operationId ?? "";
  const found = result.errors.map((error) => ({
    side,
    operationId,
    code: error.code,
    message: error.message,
    paths: error.pathsInPayload ?? [],
    exchange,
  }));
  if (result.runtimeException === undefined) return found;
  const { code, message } = result.runtimeException;
  return [...found, { side, operationId, code, message, paths: [], exchange }];
}

/** Loads the official specifications (about 10 s); answers validators for both planes behind one call. */
export async function loadSpecValidator(folder: string): Promise<SpecValidator> {
  const arm = await loadValidator(folder, armSpecs, true);
  const blob = await loadBlobValidator(folder);
  return {
    validate: async (exchange) => {
      const pair = exchange.plane === "blob" ? blobPair(exchange) : armPair(exchange);
      const validator = exchange.plane === "blob" ? blob : arm;
      const { requestValidationResult, responseValidationResult } = await validator.validateLiveRequestResponse(pair);
      return {
        operationId: requestValidationResult.operationInfo?.operationId ?? "",
        deviations: [
          ...toDeviations(exchange, "request", requestValidationResult),
          ...toDeviations(exchange, "response", responseValidationResult),
        ],
      };
    },
  };
}
