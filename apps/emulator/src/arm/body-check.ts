import { z } from "zod";
import { invalidRequestContent } from "./arm-errors.ts";

/** Reads a request body by its schema; refuses it in the platform's words where it does not fit. */
export function readRequest<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw invalidRequestContent(z.prettifyError(parsed.error));
}

/** Tags as ARM takes them: at most 50, names to 512 and values to 256 characters. */
export const tagsSchema = z
  .record(z.string().max(512), z.string().max(256))
  .refine((tags) => Object.keys(tags).length <= 50, "at most 50 tags")
  .nullish();
