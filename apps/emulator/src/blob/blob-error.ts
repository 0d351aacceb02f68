/** Raised by blob operations; answered as the storage service's XML error with `x-ms-error-code`. */
export class BlobError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A header or query word that makes no sense: 400, naming it as the service does. */
export function invalidHeader(name: string, value: string): BlobError {
  return new BlobError(
    400,
    "InvalidHeaderValue",
    `The value for one of the HTTP headers is not in the correct format: ${name}: ${value}`,
  );
}

export function invalidQuery(name: string, value: string): BlobError {
  return new BlobError(
    400,
    "InvalidQueryParameterValue",
    `Value for one of the query parameters specified in the request URI is invalid: ${name}=${value}`,
  );
}

export function authenticationFailed(why: string): BlobError {
  return new BlobError(
    403,
    "AuthenticationFailed",
    `Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature. ${why}`,
  );
}

export const blobNotFound = (): BlobError => new BlobError(404, "BlobNotFound", "The specified blob does not exist.");
export const containerNotFound = (): BlobError =>
  new BlobError(404, "ContainerNotFound", "The specified container does not exist.");
export const conditionNotMet = (): BlobError =>
  new BlobError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.");
export const invalidRange = (contentLength: number): BlobError =>
  new BlobError(416, "InvalidRange", "The range specified is invalid for the current size of the resource.", {
    "content-range": `bytes */${contentLength}`,
  });
