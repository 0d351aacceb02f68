import type { Deviation } from "./spec-validator.ts";

/** A kind of deviation that is known and right, with the reason. Nothing is let pass without one. */
export interface Allowance {
  readonly name: string;
  readonly reason: string;
  readonly matches: (deviation: Deviation) => boolean;
}

const pathOf = (deviation: Deviation): string => new URL(deviation.exchange.url).pathname;

export const allowances: readonly Allowance[] = [
  {
    name: "operation-polling",
    reason: "The addresses of long-running operations are handed out by the service and stand in no specification.",
    matches: (d) =>
      /\/locations\/[^/]+\/(operations|diskoperations|operationresults)\/|\/operationresults\//i.test(pathOf(d)),
  },
  {
    name: "error-status-without-schema",
    reason:
      "The 2019 and 2020 specifications of compute, network and storage give most operations no error answer, so that every 4xx and 5xx is reported.",
    matches: (d) => d.side === "response" && d.code === "INVALID_RESPONSE_CODE" && d.exchange.status >= 400,
  },
  {
    name: "refused-request",
    reason: "A request that the emulator refused as wrong was meant to be wrong: its test sends it to see the refusal.",
    matches: (d) => d.side === "request" && d.exchange.status >= 400,
  },
  {
    name: "refused-version-or-type",
    reason: "No specification knows the versions and types that the platform refuses; the emulator refused them too.",
    matches: (d) => /OPERATION_NOT_FOUND/.test(d.code) && d.exchange.status >= 400,
  },
  {
    name: "ambiguous-record-set-list",
    reason:
      "The DNS specification has two operations whose addresses both fit `recordsets`; the validator picks neither.",
    matches: (d) => d.code === "MULTIPLE_OPERATIONS_FOUND" && /\/dnszones\/[^/]+\/recordsets$/i.test(pathOf(d)),
  },
  {
    name: "provider-registration",
    reason:
      "The validator takes the provider that is registered for the one that answers; the answer is Microsoft.Resources'.",
    matches: (d) => /^\/subscriptions\/[^/]+\/providers\/[^/]+\/(un)?register$/i.test(pathOf(d)),
  },
  {
    name: "binary-body-left-out",
    reason:
      "Recordings leave out the bytes of blobs, and the specification's list of content types for a download holds only that of its errors.",
    matches: (d) =>
      d.side === "response" &&
      d.operationId === "Blob_Download" &&
      d.exchange.status < 300 &&
      (d.code === "INVALID_CONTENT_TYPE" || d.message.includes("Body is required")),
  },
  {
    name: "head-has-no-body",
    reason:
      "The specification wants an error body of every answer; HTTP allows none to HEAD, and clients read the error's header.",
    matches: (d) => d.exchange.method === "HEAD" && d.message.includes("Body is required"),
  },
  {
    name: "xml-not-modelled",
    reason:
      "The check turns page lists and errors into the specification's shapes; the XML of lists and policies is held by Microsoft's own client, which reads and writes it in the same tests.",
    matches: (d) =>
      /^(BlockBlob_(Commit|Get)BlockList|Container_(ListBlob\w+Segment|[GS]etAccessPolicy)|Service_(ListContainersSegment|[GS]etProperties))$/.test(
        d.operationId,
      ) &&
      (d.message.includes("Body is required") || d.code === "INVALID_TYPE"),
  },
  {
    name: "not-modified",
    reason: "Conditional reads answer 304 by HTTP; the specification does not list it.",
    matches: (d) => d.code === "INVALID_RESPONSE_CODE" && d.exchange.status === 304,
  },
];
