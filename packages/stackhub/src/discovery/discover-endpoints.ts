import type { HttpCaller } from "../http/http-caller.ts";
import { notAStamp, readJson } from "../arm/read-json.ts";
import { parseEndpoints, type StampEndpoints } from "./endpoints.ts";

// The newer shape first: only it has the storage suffix. Builds that refuse one version take the other.
const versions = ["2019-05-01", "2015-01-01", "1.0"] as const;

/** Asks a stamp where to sign in. Raises `stackhub.arm.not-a-stamp` where something else answers. */
export async function discoverEndpoints(
  caller: HttpCaller,
  armEndpoint: URL,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<StampEndpoints> {
  let finding = "";
  for (const version of versions) {
    const url = new URL(`/metadata/endpoints?api-version=${version}`, armEndpoint);
    const answer = await caller.call(
      (clientRequestId) => ({
        method: "GET",
        url,
        headers: { Accept: "application/json", "x-ms-client-request-id": clientRequestId },
        maxAnswerBytes: 1024 * 1024,
        timeoutMs: 30_000,
      }),
      { isIdempotent: true, ...options },
    );
    if (answer.status === 200) return parseEndpoints(readJson(answer, url), armEndpoint);
    finding = `status ${answer.status}`;
  }
  throw notAStamp(new URL("/metadata/endpoints", armEndpoint), finding);
}
