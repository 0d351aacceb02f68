import { HoldfastError, formatDuration } from "@holdfast/kernel";

/** Entra ID refuses an assertion that is more than five minutes off; AD FS the same by default. */
export const toleratedSkewMs = 4 * 60_000;

export function clockSkew(stampName: string, skewMs: number): HoldfastError {
  const side = skewMs > 0 ? "behind" : "ahead of";
  return new HoldfastError({
    code: "stackhub.identity.clock-skew",
    message: `the clock of this machine is ${formatDuration(Math.abs(skewMs))} ${side} the clock of ${stampName}, which refuses the sign-in`,
    advice: "Set this machine's clock by the same time source as the stamp.",
    details: { stamp: stampName, skewMs },
  });
}

export function wrongAudience(stampName: string, cause?: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.identity.wrong-audience",
    message: `${stampName} does not take a token for the audience that it names itself${cause === undefined ? "" : `: ${cause}`}`,
    advice:
      "Check that the endpoint is the user ARM endpoint (not adminmanagement) and that nothing in between serves another stamp's answers.",
    details: { stamp: stampName },
  });
}

export function wrongTenant(stampName: string, tenant: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.identity.wrong-tenant",
    message: `the tenant ${tenant} is not one that ${stampName} signs in with this client`,
    advice: "Give the id of the directory that the client is registered in; 'adfs' on an AD FS stamp.",
    details: { stamp: stampName, tenant },
  });
}
