import { readFile, stat, statfs } from "node:fs/promises";
import { resolve } from "node:path";
import { GiB, HoldfastError } from "@holdfast/kernel";
import { createFileBlobStore, parseAccessTokens, startAppendOnlyServer, storeFull } from "@holdfast/repository";
import type { CommandHandler } from "../cli/context.ts";
import { readSecretFile } from "../cli/secret-file.ts";

export interface ServeInput {
  readonly path: string;
  readonly listen: string;
  readonly tokens: string;
  readonly certificate?: string;
  readonly certificateKey?: string;
  readonly keepFreeGib: number;
}

/** Lets other machines add to a repository in a folder and read it, until it is interrupted. */
export const runRepoServe: CommandHandler<ServeInput> = async (input, { services, output, terminal, signal }) => {
  const root = resolve(input.path);
  if ((await stat(root).catch(() => null))?.isDirectory() !== true) throw noFolder(root);
  const { host, port } = parseListen(input.listen);
  const tls = await readTls(input, output);
  const parts = {
    store: createFileBlobStore(root, services.random),
    clock: services.clock,
    readTokens: async () => parseAccessTokens(await readFile(input.tokens, "utf8")),
    async checkRoom(bytes: number): Promise<void> {
      const { bavail, bsize } = await statfs(root);
      if (bavail * bsize - bytes < input.keepFreeGib * GiB)
        throw storeFull(root, new Error(`${input.keepFreeGib} GiB are to stay free`));
    },
    audit: (line: object) => terminal.writeOut(`${JSON.stringify(line)}\n`),
  };
  await parts.readTokens();
  await using server = await startAppendOnlyServer(parts, { host, port, ...tls });
  const scheme = "tls" in tls ? "https" : "http";
  output.note(`serving ${root} on holdfast+${scheme}://${host}:${server.port}`);
  await new Promise<void>((done) => {
    signal.addEventListener("abort", () => done(), { once: true });
  });
};

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port = ""] = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new HoldfastError({
    code: "cli.serve.bad-listen",
    message: `${text} is no address to listen on`,
    advice: "Give host and port, such as 0.0.0.0:8443 or [::]:8443.",
  });
}

async function readTls({ certificate, certificateKey }: ServeInput, output: Parameters<typeof readSecretFile>[2]) {
  if (certificate === undefined && certificateKey === undefined) return {};
  if (certificate === undefined || certificateKey === undefined)
    throw new HoldfastError({
      code: "cli.serve.half-tls",
      message: "a certificate and its key go together",
      advice: "Give both --certificate and --certificate-key.",
    });
  const key = await readSecretFile(certificateKey, "the key of the server's certificate", output);
  const cert = await readFile(certificate, "utf8");
  return { tls: { cert, key: key.reveal() } };
}

function noFolder(path: string): HoldfastError {
  return new HoldfastError({
    code: "cli.serve.no-folder",
    message: `there is no folder ${path}`,
    advice: "Make the folder, or mount the disk, then run the command again.",
    details: { path },
  });
}
