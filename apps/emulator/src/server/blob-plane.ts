import type { IncomingMessage, ServerResponse } from "node:http";

/** Answers everything under `<account>.blob.<domain>`. Never rejects for what a caller sent. */
export interface BlobPlane {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}
