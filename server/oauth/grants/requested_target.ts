import { OAuthError } from "../../../shared/oauth/errors.ts";
import type { AppParts } from "../../app_parts.ts";
import { audienceOf } from "../../tokens/resource.ts";
import type { TokenRequest } from "./grant.ts";

/**
 * An error if a request names another target than the API (RFC 8693 section 2.1, RFC 8707
 * section 2): what is traded for a token of ours is worth nothing anywhere else.
 */
export function targetProblem(
  parts: Pick<AppParts, "config" | "issuer">,
  { parameter }: Pick<TokenRequest, "parameter">,
  names: readonly ("audience" | "resource")[],
): OAuthError | undefined {
  const target = audienceOf(parts, "api");
  if (names.every((name) => (parameter(name) ?? target) === target)) {
    return undefined;
  }
  return new OAuthError("invalid_target", `Tokens of this server are for ${target}.`);
}
