import { HoldfastError } from "@holdfast/kernel";
import { headerText, type HttpAnswer } from "../http/http-message.ts";
import { redactUrl } from "../http/redact-url.ts";

/** Reads a JSON body. A page of HTML or other text means that something else than a stamp answers there. */
export function readJson(answer: HttpAnswer, url: URL): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch (cause) {
    throw notAStamp(url, `${headerText(answer, "content-type") ?? "no content type"}, status ${answer.status}`, cause);
  }
}

export function notAStamp(url: URL, finding: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "stackhub.arm.not-a-stamp",
    message: `${redactUrl(url)} does not answer as an Azure Stack Hub (${finding})`,
    advice:
      "Give the user ARM endpoint, https://management.<region>.<domain>: not a portal, and not through a sign-in proxy.",
    details: { host: url.host },
    cause,
  });
}
