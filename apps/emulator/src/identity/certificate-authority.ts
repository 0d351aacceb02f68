import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** The private authority of one emulator: every stamp's certificate hangs from it, and no public one. */
export interface CertificateAuthority {
  readonly certificate: string;
  issue(commonName: string, dnsNames: readonly string[]): Promise<KeyPair>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const usages: webcrypto.KeyUsage[] = ["sign", "verify"];
const dayMs = 86_400_000;

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");

async function createRoot(now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, usages);
  const root = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=Azure Stack Hub emulator root, O=ash-emulator",
      notBefore: new Date(now - dayMs),
      notAfter: new Date(now + 3650 * dayMs),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto as Crypto,
  );
  return { certificate: root.toString("pem"), privateKey: await exportKey(keys.privateKey) };
}

async function loadRoot(folder: string, now: number): Promise<KeyPair> {
  const certificateFile = join(folder, "ca.crt");
  const keyFile = join(folder, "ca.key");
  const isThere = await access(certificateFile).then(
    () => true,
    () => false,
  );
  if (isThere) {
    return { certificate: await readFile(certificateFile, "utf8"), privateKey: await readFile(keyFile, "utf8") };
  }
  const root = await createRoot(now);
  await writeFile(keyFile, root.privateKey, { mode: 0o600 });
  // Last, because its presence says that the pair is whole.
  await writeFile(certificateFile, root.certificate);
  return root;
}

/** Opens the authority kept in `ca.crt` and `ca.key` of a folder, or makes it there. */
export async function openCertificateAuthority(folder: string, now: number): Promise<CertificateAuthority> {
  const root = await loadRoot(folder, now);
  const rootCertificate = new x509.X509Certificate(root.certificate);
  const rootKey = await webcrypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(root.privateKey),
    algorithm,
    false,
    ["sign"],
  );
  return {
    certificate: root.certificate,
    issue: async (commonName, dnsNames) => {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, usages);
      const leaf = await x509.X509CertificateGenerator.create(
        {
          subject: `CN=${commonName}`,
          issuer: rootCertificate.subject,
          notBefore: new Date(now - dayMs),
          notAfter: new Date(now + 365 * dayMs),
          publicKey: keys.publicKey,
          signingKey: rootKey,
          signingAlgorithm: algorithm,
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
            new x509.SubjectAlternativeNameExtension([
              ...dnsNames.map((value) => ({ type: "dns" as const, value })),
              { type: "ip" as const, value: "127.0.0.1" },
            ]),
            await x509.AuthorityKeyIdentifierExtension.create(rootCertificate),
            await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
          ],
        },
        webcrypto as Crypto,
      );
      return { certificate: leaf.toString("pem"), privateKey: await exportKey(keys.privateKey) };
    },
  };
}
