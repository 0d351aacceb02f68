import { scenarios } from "../objectives/scenario.ts";
import { formatDay } from "./objective-fields.ts";
import type { PlannedApplication } from "./plan-model.ts";

/** What the plan leaves without protection in one application, each with its reason. */
export function describeLeftOut({ waiver, assessment, objectives }: PlannedApplication): readonly string[] {
  const whole =
    waiver === null
      ? assessment.recommendation?.option === "none"
        ? [`proposed for no protection (${assessment.recommendation.reasons.join("; ")}), and no owner has decided it`]
        : []
      : [
          `no protection ${assessment.isWaived ? "until" : "ended"} ${formatDay(waiver.expiresAtMs)}, decided by ${waiver.owner}: ${waiver.reason}`,
        ];
  const vms = assessment.captures.flatMap(({ way, vmName, reasons }) =>
    way === "application-level" || way === "not-captured"
      ? [
          `${vmName} is ${way === "not-captured" ? "not captured" : "left to the application's own means"}: ${reasons.join(", ")}`,
        ]
      : [],
  );
  const borne = scenarios.flatMap((scenario) => {
    const exception = objectives?.exceptions?.[scenario];
    return exception !== undefined && "borne" in exception
      ? [`the loss of ${scenario} is borne by the owner: ${exception.borne}`]
      : [];
  });
  return [...whole, ...vms, ...borne];
}
