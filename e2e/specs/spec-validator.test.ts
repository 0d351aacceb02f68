import { beforeAll, describe, expect, test } from "vitest";
import type { Exchange } from "./exchange.ts";
import { findSpecFolder } from "./spec-folder.ts";
import type { SpecValidator } from "./spec-validator.ts";
import { loadSpecValidator } from "./spec-validator.ts";
import { validateRecordings } from "./validate-recordings.ts";

const folder = findSpecFolder();
const snapshotId =
  "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Compute/snapshots/s1";
const json = { "content-type": "application/json" };

function snapshotAnswer(properties: Record<string, unknown>): Exchange {
  return {
    plane: "arm",
    method: "GET",
    url: `https://management.east.ash.example${snapshotId}?api-version=2019-07-01`,
    requestHeaders: {},
    status: 200,
    responseHeaders: json,
    responseBody: JSON.stringify({
      id: snapshotId,
      name: "s1",
      type: "Microsoft.Compute/snapshots",
      location: "east",
      properties: { creationData: { createOption: "Copy", sourceResourceId: "/x" }, incremental: true, ...properties },
    }),
  };
}

function pageList(body: string): Exchange {
  return {
    plane: "blob",
    method: "GET",
    url: "https://a.blob.east.ash.example/c/b?comp=pagelist&sv=2018-03-28&sig=x",
    requestHeaders: {
      "x-ms-version": "2019-07-07",
      "x-ms-previous-snapshot-url": "https://a.blob.east.ash.example/c/a",
    },
    status: 200,
    responseHeaders: { "content-type": "application/xml", "x-ms-blob-content-length": "1024" },
    responseBody: body,
  };
}

function describeSpecifications(specFolder: string): void {
  let validator: SpecValidator;
  beforeAll(async () => {
    validator = await loadSpecValidator(specFolder);
  });

  test("accept a right snapshot", async () => {
    const { operationId, deviations } = await validator.validate(snapshotAnswer({ diskSizeGB: 4 }));
    expect({ operationId, deviations }).toEqual({ operationId: "Snapshots_Get", deviations: [] });
  });

  test("name a wrong type and an unknown property", async () => {
    const { deviations } = await validator.validate(snapshotAnswer({ diskSizeGB: "4", diskState: "Unattached" }));
    expect(deviations.map((d) => d.code).sort()).toEqual(["INVALID_TYPE", "OBJECT_ADDITIONAL_PROPERTIES"]);
  });

  test("name an unknown version", async () => {
    const exchange = snapshotAnswer({});
    const { deviations } = await validator.validate({
      ...exchange,
      url: exchange.url.replace("2019-07-01", "2030-01-01"),
    });
    expect(deviations[0]?.code).toContain("OPERATION_NOT_FOUND");
  });

  test("accept a right list of changed ranges", async () => {
    const { operationId, deviations } = await validator.validate(
      pageList("<PageList><PageRange><Start>0</Start><End>511</End></PageRange></PageList>"),
    );
    expect({ operationId, deviations }).toEqual({ operationId: "PageBlob_GetPageRangesDiff", deviations: [] });
  });

  test("name a page range without an end", async () => {
    const { deviations } = await validator.validate(
      pageList("<PageList><PageRange><Start>0</Start></PageRange></PageList>"),
    );
    expect(new Set(deviations.map((d) => `${d.operationId} ${d.side}`))).toEqual(
      new Set(["PageBlob_GetPageRangesDiff response"]),
    );
  });
}

describe("the official specifications", () => {
  if (folder !== null) describeSpecifications(folder);
  else {
    // Nothing is claimed without them, and the test task says so.
    test("are absent on this machine, and the check says so", async () => {
      expect(await validateRecordings("/nonexistent")).toEqual({ kind: "absent" });
    });
  }
});
