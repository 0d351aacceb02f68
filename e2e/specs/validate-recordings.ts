import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Allowance } from "./allow-list.ts";
import { allowances } from "./allow-list.ts";
import type { Exchange } from "./exchange.ts";
import { readExchanges } from "./exchange.ts";
import { findSpecFolder } from "./spec-folder.ts";
import type { Deviation } from "./spec-validator.ts";
import { loadSpecValidator } from "./spec-validator.ts";

export interface ValidationReport {
  readonly kind: "validated";
  readonly exchangeCount: number;
  readonly checkedCount: number;
  readonly operationCount: number;
  readonly allowed: ReadonlyMap<string, number>;
  /** Deviations that no allowance covers, one for each distinct kind. */
  readonly deviations: readonly Deviation[];
}

/** What an exchange says to the specification; those with the same words are checked once. */
function shapeOf(exchange: Exchange): string {
  return [exchange.method, exchange.url, exchange.status, exchange.requestBody, exchange.responseBody].join("\n");
}

function kindOf(deviation: Deviation): string {
  const { side, operationId, code, message, paths } = deviation;
  return [side, operationId, code, message, paths.join(",").replaceAll(/\d+/g, "#")].join("|");
}

function findAllowance(deviation: Deviation): Allowance | undefined {
  return allowances.find((allowance) => allowance.matches(deviation));
}

/**
 * Checks every recorded exchange with both planes against the official specifications. Answers `absent` where the
 * specifications are not on this machine.
 */
export async function validateRecordings(folder: string): Promise<ValidationReport | { readonly kind: "absent" }> {
  const specs = findSpecFolder();
  if (specs === null) return { kind: "absent" };
  const validator = await loadSpecValidator(specs);
  const seen = new Set<string>();
  const operations = new Set<string>();
  const allowed = new Map<string, number>();
  const deviations = new Map<string, Deviation>();
  let exchangeCount = 0;
  for (const name of (await readdir(folder)).filter((entry) => entry.endsWith(".jsonl"))) {
    for await (const exchange of readExchanges(join(folder, name))) {
      exchangeCount += 1;
      const shape = shapeOf(exchange);
      if (exchange.plane === "other" || exchange.fault !== undefined || seen.has(shape)) continue;
      seen.add(shape);
      const verdict = await validator.validate(exchange);
      operations.add(verdict.operationId);
      for (const deviation of verdict.deviations) {
        const allowance = findAllowance(deviation);
        if (allowance === undefined) deviations.set(kindOf(deviation), deviation);
        else allowed.set(allowance.name, (allowed.get(allowance.name) ?? 0) + 1);
      }
    }
  }
  return {
    kind: "validated",
    exchangeCount,
    checkedCount: seen.size,
    operationCount: operations.size,
    allowed,
    deviations: [...deviations.values()],
  };
}
