/** What logout tokens and security event tokens have in common. */
import { LAST_TIME } from "../../shared/clock.ts";
import type { TokenRejection } from "../federation/token_rejection.ts";

/** Clocks of providers may be off by this much. */
export const SKEW_SECONDS = 60;
/** In characters. */
const MAX_ID_LENGTH = 1000;

/** Text that identifies something and can be stored. */
export function identifier(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_ID_LENGTH &&
      value.isWellFormed() && !value.includes("\0")
    ? value
    : undefined;
}

/** A NumericDate (RFC 7519 section 2). */
export function time(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LAST_TIME / 1000 ? value : undefined;
}

export function object(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

/** Whether `aud` (RFC 7519 section 4.1.3) has one of these. */
export function hasAudience(aud: unknown, accepted: readonly string[]): boolean {
  return [aud].flat().some((audience) =>
    typeof audience === "string" && accepted.includes(audience)
  );
}

/** The media type in a header: `application/` is left out (RFC 7515 section 4.1.9). */
export function isType(type: unknown, expected: string): boolean {
  return typeof type === "string" &&
    type.toLowerCase().replace(/^application\//, "") === expected;
}

/** Why a signature was rejected, without text of the sender: the audit log counts each reason. */
export function rejectionReason({ code, message }: TokenRejection): string {
  return code === "algorithm" ? "The algorithm of the token is not accepted." : message;
}
