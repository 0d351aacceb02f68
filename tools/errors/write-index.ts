import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { renderErrorIndex } from "./error-codes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
writeFileSync(`${root}/docs/errors.md`, renderErrorIndex(root));
