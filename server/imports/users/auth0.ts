import type { ImportProblem } from "../problem.ts";
import type { UserFields } from "./imported_user.ts";
import { isObject } from "./own_format.ts";

/**
 * A user of Auth0: of the export of its User Import/Export extension, of the export with password
 * hashes that its support gives (`_id`, `passwordHash`), or of both together.
 */
export function readAuth0(line: number, value: unknown): UserFields | ImportProblem {
  if (!isObject(value)) {
    return { line, code: "invalid_json", message: "The entry is not a JSON object." };
  }
  const { user_id, _id, email, name, nickname, email_verified, blocked } = value;
  return {
    id: user_id ?? value.Id ?? objectId(_id),
    email: email ?? value.Email,
    name: name ?? value.Name ?? nickname ?? value.Nickname,
    passwordHash: value.passwordHash ?? value.password_hash ?? customHash(value),
    emailVerified: email_verified ?? value["Email Verified"],
    disabled: blocked,
    groups: groupsOf(value),
  };
}

/** Auth0 puts the name of the connection's strategy before the id of its database. */
function objectId(value: unknown): unknown {
  return isObject(value) && typeof value.$oid === "string" ? `auth0|${value.$oid}` : undefined;
}

/** As its import has it: `{"algorithm": "argon2", "hash": {"value": …}}`. */
function customHash({ custom_password_hash: custom }: Record<string, unknown>): unknown {
  return isObject(custom) && isObject(custom.hash) ? custom.hash.value : undefined;
}

/** Of the Authorization extension. */
function groupsOf({ groups, app_metadata: metadata }: Record<string, unknown>): unknown {
  if (groups !== undefined) return groups;
  if (!isObject(metadata)) return undefined;
  const { authorization } = metadata;
  return metadata.groups ?? (isObject(authorization) ? authorization.groups : undefined);
}
