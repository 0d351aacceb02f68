import { HoldfastError } from "@holdfast/kernel";
import type { ArmProblem } from "../arm/arm-error.ts";
import { clockSkew, toleratedSkewMs, wrongAudience } from "./identity-error.ts";

/** Makes the error of ARM refusing a token that the identity provider has just given. */
export function refusedToken(refused: {
  readonly stampName: string;
  readonly problem: ArmProblem;
  readonly skewMs: number;
}): HoldfastError {
  const { stampName, problem, skewMs } = refused;
  if (/audience/i.test(problem.code) || /wrong audience/i.test(problem.message)) return wrongAudience(stampName);
  if (/tenant|issuer/i.test(problem.code)) {
    return new HoldfastError({
      code: "stackhub.identity.wrong-tenant",
      message: `${stampName} does not take tokens of this tenant`,
      advice: "Give the tenant that the subscription belongs to.",
      details: { stamp: stampName, armCode: problem.code },
    });
  }
  const isAboutTime =
    /expired|notyetvalid|lifetime/i.test(problem.code) || /lifetime|not yet valid|expired/i.test(problem.message);
  if (isAboutTime && Math.abs(skewMs) > toleratedSkewMs) return clockSkew(stampName, skewMs);
  return new HoldfastError({
    code: "stackhub.identity.refused",
    message: `${stampName} refuses a fresh token (${problem.code || "no code"})`,
    advice:
      "Check that the client has a role in the subscription, and the clocks of the stamp and its identity provider.",
    details: { stamp: stampName, armCode: problem.code, skewMs },
  });
}
