// Checks recorded exchanges against the official specifications and prints the verdict.
//   node e2e/specs/main.ts FOLDER
import type { Deviation } from "./spec-validator.ts";
import { allowances } from "./allow-list.ts";
import { validateRecordings } from "./validate-recordings.ts";

function describeDeviation(deviation: Deviation): string {
  const { exchange } = deviation;
  const url = new URL(exchange.url);
  url.searchParams.delete("sig");
  const paths = deviation.paths.length > 0 ? ` at ${deviation.paths.slice(0, 3).join(", ")}` : "";
  return [
    `  ${deviation.operationId} ${deviation.side}: ${deviation.code}${paths}`,
    `    ${deviation.message.slice(0, 300)}`,
    `    ${exchange.method} ${url.pathname}${url.search} -> ${exchange.status}`,
  ].join("\n");
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node e2e/specs/main.ts FOLDER");
const report = await validateRecordings(folder);
if (report.kind === "absent") {
  console.log(
    "Official specifications: absent on this machine, so the recorded exchanges were NOT checked against them.",
  );
} else {
  console.log(
    `Official specifications: ${report.exchangeCount} exchanges recorded, ${report.checkedCount} distinct ones checked, ` +
      `${report.operationCount} operations; ${report.deviations.length} kinds of deviation not allowed.`,
  );
  for (const allowance of allowances) {
    const count = report.allowed.get(allowance.name) ?? 0;
    if (count > 0) console.log(`  allowed ${count} × ${allowance.name}: ${allowance.reason}`);
  }
  for (const deviation of report.deviations) console.log(describeDeviation(deviation));
  process.exitCode = report.deviations.length === 0 ? 0 : 1;
}
