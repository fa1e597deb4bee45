/** Warnings about tokens that expire soon. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import type { Clock } from "../../shared/clock.ts";
import { relativeTime } from "../../shared/format_time.ts";
import * as rule from "../../shared/tokens/expires_soon.ts";
import type { ClientIo } from "../io.ts";
import { isActive } from "./format.ts";
import { replacementsOf } from "./rotation_chain.ts";
import type { PersonalAccessToken } from "./token.ts";

export function expiresSoon(token: PersonalAccessToken, clock: Clock): boolean {
  const { createdAt, expiresAt } = token;
  const times = {
    createdAt: Date.parse(createdAt),
    expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
  };
  return isActive(token, clock) && rule.expiresSoon(times, clock.now());
}

/**
 * Warns of the tokens that expire soon, the first to expire first. `known` are those that may
 * include replacements: with an active one there is no warning, and a token with an inactive
 * one cannot be rotated again. Undefined where the replacements are not known.
 */
export function warnOfExpiry(
  tokens: readonly PersonalAccessToken[],
  known: readonly PersonalAccessToken[] | undefined,
  { clock, stderr }: Pick<ClientIo, "clock" | "stderr">,
): void {
  const soon = tokens.filter((token) => expiresSoon(token, clock))
    .sort((a, b) => timeLeft(a, clock) - timeLeft(b, clock));
  for (const token of soon) {
    const replacements = replacementsOf(token, known ?? []);
    if (replacements.some((replacement) => isActive(replacement, clock))) continue;
    const advice = replacements.length > 0
      ? `Its replacement no longer works. Create a new token with: ${brand.binaryName} pat create`
      : `${known === undefined ? "If it was not rotated yet, run" : "Rotate it with"}: ` +
        `${brand.binaryName} pat rotate ${sanitizeLine(token.id)}`;
    stderr(
      `Warning: ${sanitizeLine(token.name)} expires ${
        relativeTime(timeLeft(token, clock), 0)
      }. ${advice}\n`,
    );
  }
}

/** In milliseconds. */
function timeLeft({ expiresAt }: PersonalAccessToken, clock: Clock): number {
  return expiresAt === null ? Infinity : Date.parse(expiresAt) - clock.now();
}
