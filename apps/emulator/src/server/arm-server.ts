import type { IncomingMessage, ServerResponse } from "node:http";
import type { ArmGateway } from "../arm/arm-gateway.ts";
import { invalidRequestContent } from "../arm/arm-errors.ts";
import { ArmError, type ArmReply } from "../arm/provider.ts";
import type { StampConfig } from "../core/stamp-config.ts";
import { serviceAddresses } from "../identity/endpoint-metadata.ts";
import { TokenRefused, type TokenIssuer, type VerifiedCaller } from "../identity/token-issuer.ts";
import { BodyTooLarge, readBody } from "./http-body.ts";

export interface ArmServerDeps {
  readonly config: StampConfig;
  readonly gateway: ArmGateway;
  readonly issuer: TokenIssuer;
  uuid(): string;
}

/** ARM takes requests of 4 MiB at most. */
const bodyLimitBytes = 4 << 20;

/** The header from which clients learn the tenant of a subscription. */
function challenge(config: StampConfig, origin: string, description: string): Record<string, string> {
  const { login } = serviceAddresses(config, origin);
  const authority = config.identity === "adfs" ? login : `${login.replace(/\/$/, "")}/${config.tenantId}`;
  return {
    "www-authenticate": `Bearer authorization_uri="${authority}", error="invalid_token", error_description="${description}"`,
  };
}

async function authenticate(
  deps: ArmServerDeps,
  authorization: string | undefined,
  origin: string,
): Promise<VerifiedCaller> {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) {
    const text = "The authentication failed because of missing 'Authorization' header.";
    throw new ArmError(401, "AuthenticationFailedMissingToken", text, challenge(deps.config, origin, text));
  }
  try {
    return await deps.issuer.verify(token);
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    const code = {
      audience: "InvalidAuthenticationTokenAudience",
      expired: "ExpiredAuthenticationToken",
      invalid: "InvalidAuthenticationToken",
    }[error.reason];
    const detail =
      error.reason === "audience"
        ? `${error.message} The allowed audiences are '${deps.config.audience}'.`
        : error.message;
    throw new ArmError(401, code, detail, challenge(deps.config, origin, detail));
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readBody(request, bodyLimitBytes);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new ArmError(
      413,
      "RequestContentTooLarge",
      `The request content size exceeds the maximum size of '${bodyLimitBytes}' bytes.`,
    );
  }
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString("utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw invalidRequestContent(error.message);
  }
}

/** The platform's error envelope. */
export function errorReply(error: unknown): ArmReply {
  if (error instanceof ArmError) {
    return {
      status: error.status,
      headers: error.headers,
      body: { error: { code: error.code, message: error.message } },
    };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 500, body: { error: { code: "InternalServerError", message: `The emulator failed: ${text}` } } };
}

export function writeReply(response: ServerResponse, reply: ArmReply, requestId: string, correlationId: string): void {
  const text = reply.body === undefined ? undefined : JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    "cache-control": "no-cache",
    pragma: "no-cache",
    expires: "-1",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-ms-request-id": requestId,
    "x-ms-correlation-request-id": correlationId,
    ...reply.headers,
    ...(text === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
    // A 204 carries no length; all else does, so that clients keep the connection.
    ...(reply.status === 204 ? {} : { "content-length": String(Buffer.byteLength(text ?? "")) }),
  });
  response.end(text);
}

/** Answers one request to ARM, from bearer token to envelope. */
export async function answerArm(
  deps: ArmServerDeps,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = deps.uuid();
  const given = request.headers["x-ms-correlation-request-id"];
  const correlationId = typeof given === "string" ? given : requestId;
  let reply: ArmReply;
  try {
    const caller = await authenticate(deps, request.headers.authorization, url.origin);
    const body = await readJson(request);
    reply = await deps.gateway.handle({ method: request.method ?? "GET", url, body, ...caller });
  } catch (error) {
    reply = errorReply(error);
  }
  writeReply(response, reply, requestId, correlationId);
}
