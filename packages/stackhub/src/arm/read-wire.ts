import { HoldfastError } from "@holdfast/kernel";
import { ZodError } from "zod";

/** Runs a reader of a wire answer and makes what it cannot read an error with the object's name and the field. */
export function readWire<T>(object: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ZodError)) throw cause;
    const field = cause.issues[0]?.path.join(".") ?? "";
    throw new HoldfastError({
      code: "stackhub.arm.unexpected-answer",
      message: `the stamp describes ${object} in a form that is not known (${field})`,
      advice: "Report this with the build of the stamp; nothing was decided from the answer.",
      kind: "fault",
      details: { object, field },
      cause,
    });
  }
}
