import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/kernel";

export interface AzureLocation {
  readonly account: string;
  /** Address of the container. */
  readonly containerUrl: string;
  /** Before each object's name; empty, or ends in a slash. */
  readonly prefix: string;
}

/**
 * Reads `https://<account>.blob.<suffix>/<container>[/<prefix>]`, or with an IP address as host
 * `<scheme>://<address>/<account>/<container>[/<prefix>]`. Plain HTTP is for loopback only. Raises
 * `repository.location.invalid`, also where the address carries a key or signature, which would end up in lists and logs.
 */
export function parseAzureLocation(location: string): AzureLocation {
  const url = URL.parse(location);
  if (url === null) throw invalid("it is no address");
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "")
    throw invalid("it carries a query, a fragment or a password, which belong in the key's file");
  const isAddress = isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0;
  const isLoopback = url.hostname === "127.0.0.1" || url.hostname === "[::1]";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) throw invalid("it is not https");
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const account = isAddress ? parts.shift() : url.hostname.split(".")[0];
  const container = parts.shift();
  if (account === undefined || container === undefined) throw invalid("it does not name a container");
  if (!/^[a-z0-9](-?[a-z0-9]){2,62}$/.test(container)) throw invalid("the container has a name that is not allowed");
  if (!parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part)))
    throw invalid("a folder in it has letters that are not allowed");
  const containerUrl = `${url.origin}/${isAddress ? `${account}/` : ""}${container}`;
  return { account, containerUrl, prefix: parts.map((part) => `${part}/`).join("") };
}

/** The address itself is left out: it may carry a signature. */
function invalid(reason: string): HoldfastError {
  return new HoldfastError({
    code: "repository.location.invalid",
    message: `the address of the store cannot be used: ${reason}`,
    advice: "Give it as https://<account>.blob.<suffix>/<container>, with a folder after it if wanted.",
  });
}
