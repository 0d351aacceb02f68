import { hash, timingSafeEqual } from "node:crypto";
import { HoldfastError } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";

const prefix = "hfappend_";

/** One client of an append-only server. The token itself is known to the client alone. */
export interface AccessToken {
  readonly client: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Makes a token of 256 bits. Show `text` once; keep `token`. */
export function makeAccessToken(
  client: string,
  random: Random,
): { readonly text: string; readonly token: AccessToken } {
  const text = prefix + Buffer.from(random.bytes(32)).toString("base64url");
  return { text, token: { client, sha256: hash("sha256", text) } };
}

/** Reads the file of tokens; raises `repository.serve.bad-tokens`. */
export function parseAccessTokens(text: string): AccessToken[] {
  const bad = (cause?: unknown): HoldfastError =>
    new HoldfastError({
      code: "repository.serve.bad-tokens",
      message: "the file of access tokens cannot be understood",
      advice: "Make it with `holdfast repo token add`; each entry has a client and a sha256.",
      cause,
    });
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw bad(error);
  }
  const { tokens } = (found ?? {}) as { tokens?: unknown };
  if (!Array.isArray(tokens)) throw bad();
  return tokens.map((entry: unknown) => {
    const { client, sha256 } = (entry ?? {}) as Partial<AccessToken>;
    if (typeof client !== "string" || typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) throw bad();
    return { client, sha256 };
  });
}

/** Answers the client whose token an `Authorization` header carries; null where it is nobody's. */
export function clientOf(header: string | undefined, tokens: readonly AccessToken[]): string | null {
  const text = /^Bearer ([\w-]{1,200})$/.exec(header ?? "")?.[1];
  if (text === undefined) return null;
  const given = Buffer.from(hash("sha256", text), "hex");
  let found: string | null = null;
  // All are compared, so that the time says nothing.
  for (const { client, sha256 } of tokens) if (timingSafeEqual(given, Buffer.from(sha256, "hex"))) found = client;
  return found;
}
