import { readFile, rename, writeFile } from "node:fs/promises";
import { HoldfastError } from "@holdfast/kernel";
import { makeAccessToken, parseAccessTokens } from "@holdfast/repository";
import type { AccessToken } from "@holdfast/repository";
import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";

export interface TokenInput {
  readonly tokens: string;
}

export interface NamedTokenInput extends TokenInput {
  readonly client: string;
}

/** Gives a client of an append-only server a token, in a new file that only its owner can read. */
export const runTokenAdd: CommandHandler<NamedTokenInput & { readonly to: string }> = async (input, context) => {
  const { services, output } = context;
  const known = await readTokens(input.tokens);
  if (known.some(({ client }) => client === input.client)) throw problem("exists", input.client, input.tokens);
  const { text, token } = makeAccessToken(input.client, services.random);
  // The token first: one that nobody has is worth nothing, and one in the server's file alone is lost.
  await writeFile(input.to, `${text}\n`, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
    throw problem("not-written", input.client, input.to, error);
  });
  await writeTokens(input.tokens, [...known, token]);
  const result = { client: input.client, tokenFile: input.to, tokens: input.tokens };
  output.result(result, () => `${input.client} may add and read; its token is in ${input.to}`);
};

/** Takes a client's token back. */
export const runTokenRevoke: CommandHandler<NamedTokenInput> = async ({ client, tokens }, { output }) => {
  const known = await readTokens(tokens);
  const left = known.filter((one) => one.client !== client);
  if (left.length === known.length) throw problem("unknown", client, tokens);
  await writeTokens(tokens, left);
  output.result({ client, tokens }, () => `the token of ${client} is refused from now on`);
};

/** Lists who has a token. */
export const runTokenList: CommandHandler<TokenInput> = async ({ tokens }, { output }) => {
  const clients = (await readTokens(tokens)).map(({ client }) => client);
  output.result({ clients }, () =>
    formatTable(
      ["CLIENT"],
      clients.map((client) => [client]),
    ),
  );
};

async function readTokens(path: string): Promise<AccessToken[]> {
  try {
    return parseAccessTokens(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** A server that reads the file sees the older or the newer one, whole. */
async function writeTokens(path: string, tokens: readonly AccessToken[]): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify({ tokens }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function problem(what: "exists" | "unknown" | "not-written", client: string, path: string, cause?: unknown) {
  const errors = {
    exists: {
      code: "cli.token.exists",
      message: `${client} has a token already`,
      advice: "Revoke it first, or name the client otherwise.",
    },
    unknown: {
      code: "cli.token.unknown",
      message: `nobody named ${client} has a token in ${path}`,
      advice: "List them with `holdfast repo token list`.",
    },
    "not-written": {
      code: "cli.token.not-written",
      message: `the token of ${client} cannot be written to ${path}`,
      advice: "Name a file that is not there yet, in a folder that you may write.",
    },
  } as const;
  return new HoldfastError({ ...errors[what], details: { client, path }, cause });
}
