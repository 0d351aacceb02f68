import { HoldfastError } from "@holdfast/kernel";
import type { HttpAnswer } from "../http/http-message.ts";
import { headerText } from "../http/http-message.ts";
import type { HttpCaller } from "../http/http-caller.ts";
import { redactUrl } from "../http/redact-url.ts";
import type { TokenSource } from "../identity/token-source.ts";
import { refusedToken } from "../identity/refused-token.ts";
import { armError, readProblem } from "./arm-error.ts";
import { pickApiVersion } from "./api-versions.ts";
import { readJson } from "./read-json.ts";

/** Lists of a full subscription are some MiB; more than this is no list of ours. */
const maxAnswerBytes = 64 * 1024 * 1024;
const timeoutMs = 120_000;
/** At 1000 entries a page far above what one subscription of a stamp can hold. */
const maxPages = 10_000;

export interface ArmRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE" | "PATCH";
  /** Path below the endpoint, `/subscriptions/…`, without a query. */
  readonly path: string;
  readonly apiVersion: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** GET, PUT and DELETE are idempotent by themselves; a POST says so here. */
  readonly isIdempotent?: boolean;
}

export interface ArmAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly header: (name: string) => string | undefined;
}

export interface SignalOption {
  readonly signal?: AbortSignal | undefined;
}

/** Authenticated ARM calls of one stamp. Everything that is not a success raises `stackhub.arm.*`. */
export interface ArmClient {
  readonly stampName: string;
  versionOf(type: string): string;
  send(request: ArmRequest, options?: SignalOption): Promise<ArmAnswer>;
  /** A GET of an address that the stamp gave: a next page or an operation. Raises where it lies outside the endpoint. */
  follow(address: string, options?: SignalOption): Promise<ArmAnswer>;
  /** Every page, or an error: never a part. */
  list(path: string, apiVersion: string, options?: SignalOption): Promise<unknown[]>;
}

export interface ArmClientDeps {
  readonly stampName: string;
  readonly endpoint: URL;
  readonly caller: HttpCaller;
  readonly tokens: TokenSource;
  /** Filled once the list of providers was read. */
  readonly offeredVersions: () => Readonly<Record<string, readonly string[]>>;
}

export function createArmClient(deps: ArmClientDeps): ArmClient {
  const send = (request: ArmRequest, options: SignalOption = {}): Promise<ArmAnswer> =>
    authorized(deps, { ...request, url: addressOf(deps.endpoint, request) }, options);
  const follow = (address: string, options: SignalOption = {}): Promise<ArmAnswer> => {
    const url = insideEndpoint(deps, address);
    return authorized(deps, { method: "GET", path: url.pathname, url }, options);
  };
  return {
    stampName: deps.stampName,
    versionOf: (type) => pickApiVersion(type, deps.offeredVersions()),
    send,
    follow,
    list: async (path, apiVersion, options = {}) => {
      const items: unknown[] = [];
      const seen = new Set<string>();
      let answer = await send({ method: "GET", path, apiVersion }, options);
      for (;;) {
        const page = readPage(deps.stampName, path, answer.body);
        for (const item of page.value) items.push(item);
        if (page.nextLink === null) return items;
        // A link that comes back would list for ever, or repeat what is there.
        if (seen.has(page.nextLink) || seen.size >= maxPages) throw brokenList(deps.stampName, path);
        seen.add(page.nextLink);
        answer = await follow(page.nextLink, options);
      }
    },
  };
}

interface Addressed {
  readonly method: ArmRequest["method"];
  readonly path: string;
  readonly url: URL;
  readonly body?: unknown;
  readonly isIdempotent?: boolean;
}

async function authorized(deps: ArmClientDeps, request: Addressed, { signal }: SignalOption): Promise<ArmAnswer> {
  const first = await attempt(deps, request, signal);
  if (first.status !== 401) return judge(deps, request, first);
  // A token may have been revoked or cut short since it was cached: once more with a new one, then it is refused.
  deps.tokens.forget();
  const second = await attempt(deps, request, signal);
  if (second.status !== 401) return judge(deps, request, second);
  throw refusedToken({
    stampName: deps.stampName,
    problem: readProblem(jsonOrNull(second)),
    skewMs: deps.tokens.skewMs(),
  });
}

async function attempt(deps: ArmClientDeps, request: Addressed, signal: AbortSignal | undefined): Promise<HttpAnswer> {
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  return deps.caller.call(
    async (clientRequestId) => ({
      method: request.method,
      url: request.url,
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${(await deps.tokens.token({ signal })).reveal()}`,
        "x-ms-client-request-id": clientRequestId,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
      maxAnswerBytes,
      timeoutMs,
    }),
    { isIdempotent: request.isIdempotent ?? request.method !== "POST", signal },
  );
}

function judge(deps: ArmClientDeps, request: Addressed, answer: HttpAnswer): ArmAnswer {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const body = answer.body.byteLength === 0 ? null : readJson(answer, request.url);
    return { status, body, header: (name) => headerText(answer, name.toLowerCase()) };
  }
  const call = { method: request.method, path: request.path, stamp: deps.stampName };
  // A gateway in front of ARM answers its own faults in HTML: still a fault, not a wrong address.
  const body = status >= 500 ? jsonOrNull(answer) : answer.body.byteLength === 0 ? null : readJson(answer, request.url);
  throw armError(call, status, readProblem(body));
}

function jsonOrNull(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function addressOf(endpoint: URL, request: ArmRequest): URL {
  const url = new URL(request.path.split("/").map(encodeURIComponent).join("/"), endpoint);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  url.searchParams.set("api-version", request.apiVersion);
  return url;
}

/** The token goes nowhere but to the endpoint that it was made for. */
function insideEndpoint(deps: ArmClientDeps, address: string): URL {
  const url = URL.canParse(address, deps.endpoint) ? new URL(address, deps.endpoint) : null;
  if (url !== null && url.origin === deps.endpoint.origin) return url;
  throw new HoldfastError({
    code: "stackhub.arm.strange-address",
    message: `${deps.stampName} sent an address outside its own endpoint: ${redactUrl(address)}`,
    advice: "Check that the ARM endpoint is spelled as the stamp's operator gives it, port included.",
    details: { stamp: deps.stampName },
  });
}

function readPage(stampName: string, path: string, body: unknown): { value: unknown[]; nextLink: string | null } {
  if (typeof body !== "object" || body === null || !("value" in body) || !Array.isArray(body.value)) {
    throw brokenList(stampName, path);
  }
  const nextLink =
    "nextLink" in body && typeof body.nextLink === "string" && body.nextLink !== "" ? body.nextLink : null;
  return { value: body.value, nextLink };
}

function brokenList(stampName: string, path: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.arm.broken-list",
    message: `${stampName} did not give the whole list of ${path}`,
    advice: "Run the command again; nothing was decided from the part that came.",
    kind: "fault",
    isRetryable: true,
    details: { stamp: stampName, object: path },
  });
}
