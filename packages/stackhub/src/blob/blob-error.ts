import { HoldfastError } from "@holdfast/kernel";
import { headerText, type HttpAnswer } from "../http/http-message.ts";
import { redactUrl } from "../http/redact-url.ts";

/** The service's code of a refused call: from its header, or from the XML of the body. */
export function blobErrorCode(answer: HttpAnswer): string {
  const stated = headerText(answer, "x-ms-error-code");
  return stated ?? /<Code>([\w]{1,80})<\/Code>/.exec(answer.body.toString("latin1", 0, 4096))?.[1] ?? "";
}

/** Codes by which a stamp says that it cannot tell what changed. */
const changesRefused = new Set([
  "PreviousSnapshotCannotBeNewer",
  "PreviousSnapshotNotFound",
  "PreviousSnapshotOperationNotSupported",
  "FeatureVersionMismatch",
  "InvalidQueryParameterValue",
  "UnsupportedQueryParameter",
  "InvalidHeaderValue",
  "UnsupportedHeader",
  "IncrementalCopyBlobMismatch",
  "NotImplemented",
]);

/** Makes the error of a refused blob call. `asksChanges` where the call had an older snapshot beside it. */
export function blobError(
  answer: HttpAnswer,
  call: { readonly method: string; readonly url: URL; readonly asksChanges: boolean },
): HoldfastError {
  const code = blobErrorCode(answer);
  const { status } = answer;
  const object = `${call.url.host}${call.url.pathname}`;
  const details = { object, method: call.method, status, blobCode: code, address: redactUrl(call.url) };
  const reason = code === "" ? `status ${status}` : code;
  if (call.asksChanges && (changesRefused.has(code) || status === 501)) {
    return new HoldfastError({
      code: "stackhub.blob.changes-refused",
      message: `the stamp cannot tell what changed on ${object} (${reason})`,
      advice: "Read the whole disk this time; 'holdfast stamp probe' shows whether this stamp tells changes at all.",
      details,
    });
  }
  if (status === 401 || status === 403) {
    return new HoldfastError({
      code: "stackhub.blob.sas-refused",
      message: `the stamp refuses access to ${object} (${reason})`,
      advice:
        "Check the clocks of this machine and the stamp, and whether someone ended the access or changed the account's keys.",
      details,
    });
  }
  if (status === 404) {
    return new HoldfastError({
      code: "stackhub.blob.not-found",
      message: `${object} does not exist (${reason})`,
      advice: "See whether the snapshot or the blob was deleted meanwhile; the next capture reads what it needs anew.",
      details,
    });
  }
  if (status === 409 || status === 412) {
    return new HoldfastError({
      code: "stackhub.blob.conflict",
      message: `the state of ${object} does not allow ${call.method} (${reason})`,
      advice: "See what else uses the blob: a lease, a copy or an attached disk.",
      details,
    });
  }
  if (status >= 500 || status === 429 || status === 408) {
    return new HoldfastError({
      code: "stackhub.blob.server-fault",
      message: `the stamp's storage failed at ${call.method} ${object} (${reason})`,
      advice: "Run the command again later; a full volume of the stamp also shows like this: ask its operator.",
      kind: "fault",
      isRetryable: true,
      details,
    });
  }
  return new HoldfastError({
    code: "stackhub.blob.refused",
    message: `the stamp refuses ${call.method} ${object} (${reason})`,
    advice: "Read the reason in the message; report this where the request should have been right.",
    details,
  });
}
