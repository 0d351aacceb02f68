import { HoldfastError, Secret } from "@holdfast/kernel";
import { describe, expect, test } from "vitest";
import { formatError, renderError } from "./error-rendering.ts";
import { exitCodeOf } from "./exit-codes.ts";

const make = (code: string, cause?: unknown): HoldfastError =>
  new HoldfastError({ code, message: "the disk d1 is gone", advice: "Look for it.", cause });

describe("exitCodeOf", () => {
  test.each([
    ["cli.usage.invalid", 2],
    ["cli.passphrase.missing", 2],
    ["cli.vm.not-found", 10],
    ["stackhub.arm.not-found", 10],
    ["catalog.run.busy", 11],
    ["stackhub.identity.secret-refused", 12],
    ["stackhub.arm.forbidden", 12],
    ["repository.passphrase.wrong", 12],
    ["repository.chunk.damaged", 21],
    ["repository.pack.missing", 21],
    ["cli.run.interrupted", 130],
    ["stackhub.arm.quota", 1],
  ])("%s is %i", (code, exitCode) => expect(exitCodeOf(make(code))).toBe(exitCode));

  test("a cause with a rule counts where the error itself has none", () => {
    expect(exitCodeOf(make("engine.capture.failed", make("stackhub.arm.forbidden")))).toBe(12);
  });

  test("a plain error is 1", () => expect(exitCodeOf(new Error("x"))).toBe(1));
});

describe("renderError", () => {
  test("shows code, sentence, causes and advice, one line each", () => {
    const error = make("engine.disk.gone", make("stackhub.arm.not-found", new Error("404")));
    expect(formatError(renderError(error))).toBe(
      "error engine.disk.gone: the disk d1 is gone\n" +
        "  because: stackhub.arm.not-found: the disk d1 is gone\n" +
        "  because: 404\n" +
        "  next: Look for it.\n",
    );
  });

  test("takes signatures out of messages, details and causes", () => {
    const sas = "https://a.blob.example/c/b?sv=2019&sig=c2VjcmV0&se=2026-01-01";
    const error = new HoldfastError({
      code: "stackhub.blob.refused",
      message: `read of ${sas} failed`,
      advice: "Try again.",
      details: { url: sas, status: 403 },
      cause: new Error(sas),
    });
    expect(JSON.stringify(renderError(error))).not.toMatch(/c2VjcmV0/);
  });

  test("says of a plain error that it is unexpected, and shows no secret held in it", () => {
    const rendered = renderError(new TypeError(`bad value ${new Secret("hunter2")}`));
    expect(rendered).toMatchObject({ code: "cli.unexpected", exitCode: 1 });
    expect(JSON.stringify(rendered)).not.toContain("hunter2");
  });
});
