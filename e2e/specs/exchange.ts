import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** One request and its answer as they crossed the wire, without credentials. Bodies are text; binary ones are left out. */
export interface Exchange {
  readonly plane: "arm" | "blob" | "other";
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody?: string;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  /** An injected fault answered, not the emulated platform. */
  readonly fault?: string;
}

/** Reads a recording, one JSON object a line. */
export async function* readExchanges(file: string): AsyncGenerator<Exchange> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      if (line !== "") yield JSON.parse(line) as Exchange;
    }
  } finally {
    lines.close();
  }
}
