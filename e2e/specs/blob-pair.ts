import type { LivePair } from "oav/dist/lib/liveValidation/liveValidator.js";
import type { Exchange } from "./exchange.ts";

/** Marks the plainest of several operations that share their first words; see the loading of the specification. */
export const plainWord = "plain";

/**
 * The blob specification tells operations of one path apart by words in its query (`x-ms-paths`) that no client sends.
 * This finds the word from what a client does send.
 */
function operationWord(method: string, query: URLSearchParams, headers: Readonly<Record<string, string>>): string {
  const comp = query.get("comp");
  const blobType = headers["x-ms-blob-type"];
  if (comp === "page") {
    if (headers["x-ms-copy-source"] !== undefined) return "update&fromurl";
    return headers["x-ms-page-write"]?.toLowerCase() === "clear" ? "clear" : `update&${plainWord}`;
  }
  if (comp === "pagelist") {
    const isDiff = query.has("prevsnapshot") || headers["x-ms-previous-snapshot-url"] !== undefined;
    return isDiff ? "diff" : plainWord;
  }
  if (comp === "lease") return headers["x-ms-lease-action"]?.toLowerCase() ?? "";
  if (comp === "properties" && method === "PUT") {
    if (headers["x-ms-blob-content-length"] !== undefined) return "resize";
    return headers["x-ms-sequence-number-action"] === undefined ? "sethttpheaders" : "updatesequencenumber";
  }
  if (comp === "list" && query.get("restype") === "container") return query.has("delimiter") ? "hierarchy" : "flat";
  if (comp === null && method === "PUT" && headers["x-ms-copy-source"] !== undefined) return `comp=copy&${plainWord}`;
  if (comp === "block" && method === "PUT") return plainWord;
  if (comp === null && method === "PUT" && blobType !== undefined) return blobType.toLowerCase();
  if (comp === null && query.get("restype") === "container") return plainWord;
  return "";
}

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))].map((match) => match[1] ?? "");
}

function ranges(xml: string, name: string): { readonly Start: number; readonly End: number }[] {
  return elements(xml, name).map((range) => ({
    Start: Number(elements(range, "Start")[0]),
    End: Number(elements(range, "End")[0]),
  }));
}

/** The answer's XML in the shape that the specification gives it; undefined where the shape is not modelled here. */
function parseResponse(exchange: Exchange, comp: string | null): unknown {
  const xml = exchange.responseBody;
  if (xml === undefined || xml === "") return undefined;
  if (exchange.status >= 400) {
    // The specification's error has a message only; the code stands in a header.
    return { Message: unescapeXml(elements(xml, "Message")[0] ?? "") };
  }
  if (comp === "pagelist") return { PageRange: ranges(xml, "PageRange"), ClearRange: ranges(xml, "ClearRange") };
  return undefined;
}

/** Blob names may hold slashes; the specification has one place for a name. */
function flatPath(path: string): string {
  const [, container = "", ...name] = path.split("/");
  return name.length === 0 ? `/${container}` : `/${container}/${name.join("%2F")}`;
}

/** One exchange with the blob plane as the validator wants it. */
export function blobPair(exchange: Exchange): LivePair {
  const url = new URL(exchange.url);
  const comp = url.searchParams.get("comp");
  const word = operationWord(exchange.method, url.searchParams, exchange.requestHeaders);
  const version = url.searchParams.get("sv") ?? "";
  for (const secret of ["sig", "sv", "sr", "se", "st", "sp", "si", "spr", "sip", "ss", "srt"]) {
    url.searchParams.delete(secret);
  }
  const query = url.searchParams.toString();
  const parts = [query, word, "api-version=2019-07-07"].filter((part) => part !== "");
  const hasBody = exchange.method === "PUT" && Number(exchange.requestHeaders["content-length"] ?? 0) > 0;
  return {
    liveRequest: {
      method: exchange.method,
      url: `${url.origin}${flatPath(url.pathname)}?${parts.join("&")}`,
      // With a SAS, `sv` stands for the version header, which the specification makes mandatory.
      headers: { ...(version === "" ? {} : { "x-ms-version": version }), ...exchange.requestHeaders },
      query: Object.fromEntries(new URL(`${url.origin}/?${parts.join("&")}`).searchParams),
      ...(hasBody ? { body: exchange.requestBody ?? "" } : {}),
    },
    liveResponse: {
      statusCode: String(exchange.status),
      headers: exchange.responseHeaders,
      body: parseResponse(exchange, comp),
    },
  };
}
