/**
 * A personal access token as this program knows it, and prints it with `--json`. The REST
 * interface has the same fields in snake_case.
 */

/** Times are ISO 8601. Every text is as the server sent it: sanitize what is printed. */
export interface PersonalAccessToken {
  id: string;
  name: string;
  /** What it is for. */
  description: string | null;
  /** The first characters of the secret. */
  prefix: string;
  owner: { kind: string; id: string | null; username: string };
  scopes: string[];
  /** The identifier of the only resource that accepts it; null: the default one. */
  resource: string | null;
  allowedAddresses: string[];
  createdAt: string;
  /** null: never. */
  expiresAt: string | null;
  lastUsedAt: string | null;
  lastUsedAddress: string | null;
  lastUsedAgent: string | null;
  revokedAt: string | null;
  revokedReason: string | null;
  rotatedFrom: string | null;
  /** The login that created it. */
  loginId: string | null;
  /** Who reported it as leaked, and where it was found. */
  leak: { at: string; reporter: string; place: string | null } | null;
}

/** A token that was just created or rotated. Nothing shows its secret again. */
export interface CreatedToken extends PersonalAccessToken {
  token: string;
}

/** A token from a response of the REST interface; undefined if the response is not valid. */
export function parseToken(body: Record<string, unknown>): PersonalAccessToken | undefined {
  const { id, name, prefix, scopes, allowed_addresses: allowedAddresses } = body;
  const owner = Object(body.owner);
  // Commands that we suggest contain the id, and users paste them into a shell.
  const isId = /^\w[\w.-]{0,99}$/.test(String(id));
  const isValid = isId && [id, name, prefix, owner.username].every(isText) &&
    isTime(body.created_at) &&
    [scopes, allowedAddresses].every((list) => Array.isArray(list) && list.every(isText)) &&
    [body.expires_at, body.last_used_at, body.revoked_at]
      .every((time) => time === null || isTime(time));
  if (!isValid) return undefined;
  return {
    id: id as string,
    name: name as string,
    // Older servers send none.
    description: text(body.description),
    prefix: prefix as string,
    owner: { kind: text(owner.kind) ?? "user", id: text(owner.id), username: owner.username },
    scopes: scopes as string[],
    resource: text(body.resource),
    allowedAddresses: allowedAddresses as string[],
    createdAt: body.created_at as string,
    expiresAt: text(body.expires_at),
    lastUsedAt: text(body.last_used_at),
    lastUsedAddress: text(body.last_used_address),
    lastUsedAgent: text(body.last_used_agent),
    revokedAt: text(body.revoked_at),
    revokedReason: text(body.revoked_reason),
    rotatedFrom: text(body.rotated_from),
    // Older servers send neither.
    loginId: text(body.login_id),
    leak: parseLeak(body.leak),
  };
}

/** The same with its secret; undefined if the response has none that fits into a header. */
export function parseCreatedToken(body: Record<string, unknown>): CreatedToken | undefined {
  const parsed = parseToken(body);
  const { token } = body;
  return parsed && typeof token === "string" && /^[\x21-\x7e]+$/.test(token)
    ? { ...parsed, token }
    : undefined;
}

function parseLeak(value: unknown): PersonalAccessToken["leak"] {
  const { at, reporter, place } = Object(value);
  return isTime(at) && isText(reporter) ? { at, reporter, place: text(place) } : null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTime(value: unknown): value is string {
  return isText(value) && !Number.isNaN(Date.parse(value));
}

function text(value: unknown): string | null {
  return isText(value) ? value : null;
}
