import { formatInstant } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { policyJsonSchema } from "../policy-file/policy-words.ts";

/** Prints the policy file that holds, as it was applied. */
export const runPolicyShow: CommandHandler<Record<never, never>> = async (_input, { services, output }) => {
  await using catalog = await services.openCatalog();
  const applied = await catalog.loadPolicies();
  output.result(
    applied,
    () => applied?.text ?? "No policies were applied. `holdfast plan --file policy.yaml` shows what some would do.",
  );
};

/** Lists who applied which file, and when. */
export const runPolicyHistory: CommandHandler<Record<never, never>> = async (_input, { services, output }) => {
  await using catalog = await services.openCatalog();
  const entries = await catalog.listPolicies();
  output.result(entries, () =>
    entries.length === 0
      ? "No policies were applied."
      : formatTable(
          ["ENTRY", "APPLIED", "BY", "FILE"],
          entries.map(({ number, atMs, enteredBy, fileName }) => [
            String(number),
            formatInstant(atMs),
            enteredBy,
            fileName,
          ]),
        ),
  );
};

/** Prints the JSON Schema of policy files. */
export const runPolicySchema: CommandHandler<Record<never, never>> = async (_input, { output }) => {
  const schema = policyJsonSchema();
  output.result(schema, () => JSON.stringify(schema, null, 2));
};
