/** The codes of RFC 7644 section 3.12 that we use. */
export type ScimType =
  | "invalidFilter"
  | "tooMany"
  | "uniqueness"
  | "mutability"
  | "invalidSyntax"
  | "invalidPath"
  | "noTarget"
  | "invalidValue"
  | "invalidVers"
  | "sensitive";

export type ScimStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 408
  | 409
  | 412
  | 413
  | 415
  | 429
  | 500
  | 501
  | 503;

export interface ScimErrorDetails {
  scimType?: ScimType;
  headers?: Record<string, string>;
}

/**
 * Why a request failed (RFC 7644 section 3.12). Unlike a DomainError it is thrown: this room is an
 * edge, and what it throws within a transaction rolls it back.
 */
export class ScimError extends Error {
  override readonly name = "ScimError";
  readonly scimType?: ScimType;
  readonly headers: Record<string, string>;
  constructor(readonly status: ScimStatus, message: string, details: ScimErrorDetails = {}) {
    super(message);
    this.scimType = details.scimType;
    this.headers = details.headers ?? {};
  }
}

/** A 400 with its `scimType`. */
export function badRequest(scimType: ScimType, message: string): ScimError {
  return new ScimError(400, message, { scimType });
}

/** A 409: the name or address belongs to another resource (RFC 7644 section 3.3). */
export function notUnique(message: string): ScimError {
  return new ScimError(409, message, { scimType: "uniqueness" });
}

export function noSuchResource(type: string, id: string): ScimError {
  return new ScimError(
    404,
    `There is no ${type} with the id ${id.slice(0, 100)} in this directory.`,
  );
}
