import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { listDocumentedCodes, listSourceCodes, renderErrorIndex } from "./error-codes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = listSourceCodes(root);
const documented = listDocumentedCodes(root);

test("every error code of the source has its row in docs/errors", () => {
  const known = new Set(documented.map(({ code }) => code));
  expect(source.filter(({ code }) => !known.has(code))).toEqual([]);
});

test("every row of docs/errors is a code of the source, and stands there once", () => {
  const raised = new Set(source.map(({ code }) => code));
  expect(documented.filter(({ code }) => !raised.has(code))).toEqual([]);
  const codes = documented.map(({ code }) => code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test("the collector finds codes: kernel, catalog and command are all there", () => {
  const rooms = new Set(source.map(({ code }) => code.split(".")[0]));
  expect([...rooms]).toEqual(expect.arrayContaining(["kernel", "catalog", "cli"]));
});

test("docs/errors.md is what write-index.ts writes", () => {
  expect(readFileSync(`${root}/docs/errors.md`, "utf8")).toBe(renderErrorIndex(root));
});
