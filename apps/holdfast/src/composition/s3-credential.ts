import type { S3Credential } from "@holdfast/repository";
import { HoldfastError, Secret } from "@holdfast/kernel";
import { readSecretFile } from "../cli/secret-file.ts";
import type { Services } from "./services.ts";

/**
 * Reads the key of an S3 store from the file that `HOLDFAST_STORE_KEY_FILE` names, in the form of Amazon's credentials file
 * with one profile, or else from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. Raises
 * `cli.store.no-key`.
 */
export async function readS3Credential(
  environment: Services["environment"],
  warn: (line: string) => void,
): Promise<S3Credential> {
  const file = environment["HOLDFAST_STORE_KEY_FILE"] ?? "";
  const found =
    file === ""
      ? (name: string) => environment[name.toUpperCase()] ?? ""
      : readProfile(await readSecretFile(file, "the key of the repository's store", { note: warn }));
  const [accessKeyId, secretAccessKey] = [found("aws_access_key_id"), found("aws_secret_access_key")];
  const token = found("aws_session_token");
  if (accessKeyId !== "" && secretAccessKey !== "")
    return {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      ...(token === "" ? {} : { sessionToken: new Secret(token) }),
    };
  throw new HoldfastError({
    code: "cli.store.no-key",
    message: "the key of the S3 store is not named",
    advice:
      "Put aws_access_key_id = ... and aws_secret_access_key = ... in a file, and name it by HOLDFAST_STORE_KEY_FILE.",
  });
}

function readProfile(text: Secret): (name: string) => string {
  const values = new Map(
    text
      .reveal()
      .split("\n")
      .map((line) => /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/.exec(line))
      .flatMap((found): [string, string][] => (found === null ? [] : [[found[1] ?? "", found[2] ?? ""]])),
  );
  return (name) => values.get(name) ?? "";
}
