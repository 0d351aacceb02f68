import { pathSegments, parseArmPath } from "./arm-path.ts";
import { answerCoreRoute } from "./core-dispatch.ts";
import { ArmError, type ArmReply } from "./provider.ts";
import { type CoreRoute, matchTemplate, type StampCore } from "./stamp-core.ts";
import { answerTyped } from "./typed-dispatch.ts";

/** An authenticated call as it came in. */
export interface GatewayRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
  readonly principalId: string;
  /** How the principal is named in refusals. */
  readonly clientId: string;
}

export interface ArmGateway {
  /** Answers any address under ARM; refusals are thrown as ArmError. */
  handle(request: GatewayRequest): Promise<ArmReply>;
}

/** The operation that a polling address names: its word stands right below a location, or is `operationresults`. */
function pollReply(core: StampCore, request: GatewayRequest, segments: readonly string[]): ArmReply | undefined {
  const isResult = segments.at(-2)?.toLowerCase() === "operationresults";
  const isBelowLocation = segments.at(-4)?.toLowerCase() === "locations";
  if (request.method !== "GET" || !(isResult || isBelowLocation)) return undefined;
  const form = isResult || request.url.searchParams.get("monitor") === "true" ? "monitor" : "status";
  return core.operations.poll(segments.at(-1) ?? "", form, request.url.href);
}

/** Builds the gateway of one stamp over ARM's own routes and the providers' types. */
export function createArmGateway(core: StampCore, routes: readonly CoreRoute[]): ArmGateway {
  return {
    handle: async (request) => {
      const segments = pathSegments(request.url.pathname);
      const polled = pollReply(core, request, segments);
      if (polled !== undefined) return polled;
      for (const route of routes) {
        const parameters = route.method === request.method ? matchTemplate(route.template, segments) : undefined;
        if (parameters !== undefined) return answerCoreRoute(core, request, route, parameters);
      }
      const path = parseArmPath(request.url.pathname);
      if (path.namespace !== undefined) return answerTyped(core, request, path);
      const text = `The request path '${request.url.pathname}' is not an address of this service.`;
      throw new ArmError(404, "NotFound", text);
    },
  };
}
