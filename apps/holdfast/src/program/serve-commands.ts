import type { Command } from "commander";
import type { ServeInput } from "../commands/repo-serve.ts";
import { parseWholeUpTo } from "../cli/number.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";

const tokensFlag = "--tokens <file>";
const tokensText = "file with who may add and read; it is made by repo token add";

/** The append-only server and its clients' tokens. */
export function addServeCommands(repo: Command, parts: ProgramParts): void {
  defineCommand(repo, "serve <path>", {
    description: "let other machines add to the repository in a folder and read it, never change or delete anything",
    examples: [
      "repo serve /srv/holdfast --listen 0.0.0.0:8443 --tokens tokens.json --certificate server.pem --certificate-key server.key",
    ],
  })
    .option("--append-only", "said for clearness: there is no other way to serve")
    .requiredOption("--listen <address>", "host and port to listen on; without a certificate, loopback only")
    .requiredOption(tokensFlag, tokensText)
    .option("--certificate <file>", "certificate of the server as PEM, with its chain")
    .option("--certificate-key <file>", "key of the certificate as PEM")
    .option("--keep-free-gib <n>", "refuse what would leave less of the disk free", parseWholeUpTo(1_000_000), 10)
    .action((path: string, options: Omit<ServeInput, "path">) =>
      runLazily(parts, async () => (await import("../commands/repo-serve.ts")).runRepoServe, { ...options, path }),
    );
  const token = repo.command("token").description("say who may add to a served repository and read it");
  defineCommand(token, "add <client>", {
    description: "make a token for a client, in a new file to carry there",
    examples: ["repo token add clinic --tokens tokens.json --to clinic.token"],
  })
    .requiredOption(tokensFlag, tokensText)
    .requiredOption("--to <file>", "new file for the token")
    .action((client: string, options: { tokens: string; to: string }) =>
      runLazily(parts, async () => (await import("../commands/repo-token.ts")).runTokenAdd, { ...options, client }),
    );
  defineCommand(token, "revoke <client>", {
    description: "take a client's token back",
    examples: ["repo token revoke clinic --tokens tokens.json"],
  })
    .requiredOption(tokensFlag, tokensText)
    .action((client: string, options: { tokens: string }) =>
      runLazily(parts, async () => (await import("../commands/repo-token.ts")).runTokenRevoke, { ...options, client }),
    );
  defineCommand(token, "list", {
    description: "list who has a token",
    examples: ["repo token list --tokens tokens.json"],
  })
    .requiredOption(tokensFlag, tokensText)
    .action((options: { tokens: string }) =>
      runLazily(parts, async () => (await import("../commands/repo-token.ts")).runTokenList, options),
    );
}
