import { HoldfastError } from "@holdfast/kernel";
import { z } from "zod";
import { notAStamp } from "../arm/read-json.ts";

/** What a stamp says of itself before anyone has signed in. */
export interface StampEndpoints {
  readonly identityProvider: "AD FS" | "Entra ID";
  /** Without a slash at the end; ends in `/adfs` on an AD FS stamp. */
  readonly loginEndpoint: string;
  /** What a token must be made for. */
  readonly audience: string;
  /** Accounts live at `https://<account>.blob.<storageSuffix>`. */
  readonly storageSuffix: string;
  /** The stamp's own directory, where it says so. */
  readonly tenant: string | null;
}

const cloudSchema = z.object({
  authentication: z.object({
    loginEndpoint: z.string().min(1),
    audiences: z.array(z.string().min(1)).min(1),
    tenant: z.string().nullish(),
    identityProvider: z.string().nullish(),
  }),
  suffixes: z.object({ storage: z.string().nullish() }).nullish(),
});

/**
 * Reads the answer of `/metadata/endpoints` in each of its shapes: one object (before 2018), an array of clouds (2018
 * and later), or one object with suffixes (2022-09-01 on some builds).
 */
export function parseEndpoints(body: unknown, armEndpoint: URL): StampEndpoints {
  const candidates: unknown[] = Array.isArray(body) ? body : [body];
  const clouds = candidates.map((item) => cloudSchema.safeParse(item)).filter((result) => result.success);
  const cloud = clouds[0]?.data;
  if (cloud === undefined) throw notAStamp(armEndpoint, "its list of endpoints has no sign-in address and audience");
  const loginEndpoint = cloud.authentication.loginEndpoint.replace(/\/+$/, "");
  if (!URL.canParse(loginEndpoint)) throw notAStamp(armEndpoint, "its sign-in address is no address");
  const isAdfs =
    cloud.authentication.identityProvider?.toUpperCase() === "ADFS" || loginEndpoint.toLowerCase().endsWith("/adfs");
  return {
    identityProvider: isAdfs ? "AD FS" : "Entra ID",
    loginEndpoint,
    audience: cloud.authentication.audiences[0]!,
    storageSuffix: storageSuffixOf(cloud.suffixes?.storage, armEndpoint),
    tenant: cloud.authentication.tenant ?? null,
  };
}

function storageSuffixOf(stated: string | null | undefined, armEndpoint: URL): string {
  const suffix = (stated ?? "").replace(/^\.?(blob\.)?/, "");
  // Old builds state none: blob hosts then share the domain of the ARM host, `management.<region>.<domain>`.
  return suffix === "" ? armEndpoint.hostname.replace(/^[^.]+\./, "") : suffix;
}

/** Reads the endpoint that a user typed. */
export function parseArmEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.username === "") {
    return new URL("/", url);
  }
  throw new HoldfastError({
    code: "stackhub.config.bad-endpoint",
    message: `${JSON.stringify(text.slice(0, 200))} is not an ARM endpoint`,
    advice: "Give it as https://management.<region>.<domain>.",
  });
}
