import { formatDuration } from "../../../../shared/duration.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatScope, splitScope } from "../../../../shared/oauth/scope.ts";
import { escapeUnsafe, formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { TrustTest } from "../../../admin/trust/test_token.ts";
import type { SettingFlags } from "../../../config/gather.ts";
import type { ServerIo } from "../../../io.ts";
import { adminCommand } from "../command.ts";

/** `admin trust test`: what the exchange of the token on standard input would result in. */
export async function adminTrustTest(
  { scope, ...options }: SettingFlags & { scope?: string[] },
  io: ServerIo,
): Promise<number> {
  const token = (await io.readStdin()).trim();
  const params = { token, scope: scope && formatScope(scope) };
  return await adminCommand("testTrust", params, options, io, (result) => {
    io.stdout(options.json === true ? asJson(result) : asText(result));
    return result.rules.some(({ matches }) => matches) ? EXIT.ok : EXIT.failure;
  });
}

function asJson({ issuer, rejection, claims, rules, grant }: TrustTest): string {
  return formatJson({
    issuer: issuer ?? null,
    rejection: rejection ?? null,
    claims: claims ?? null,
    rules,
    grant: grant === undefined ? null : {
      rule: grant.rule,
      actsAs: grant.actsAs,
      scopes: splitScope(grant.scope),
      lifetimeSeconds: grant.lifetimeSeconds,
    },
  });
}

function asText({ issuer, rejection, claims = {}, rules, grant }: TrustTest): string {
  const lines: string[] = [];
  if (issuer !== undefined) lines.push(`issuer: ${inlineJson(issuer)}`);
  if (rejection !== undefined) lines.push(`Rejected: ${sanitizeLine(rejection.message, 1000)}`);
  for (const [claim, value] of Object.entries(claims)) {
    // Other names could look like a claim and its value.
    const name = /^[\w.:/-]+$/.test(claim) ? claim : inlineJson(claim);
    lines.push(`  ${name}: ${inlineJson(value)}`);
  }
  for (const { name, matches, mismatches } of rules) {
    const reasons = mismatches.map(({ message }) => message).join("; ");
    lines.push(
      `${name}: ${matches ? "matches" : `does not match: ${sanitizeLine(reasons, 2000)}`}`,
    );
  }
  if (grant !== undefined) {
    const { rule, scope, actsAs, lifetimeSeconds } = grant;
    lines.push(
      `By ${rule}, the job gets ${scope} as ${actsAs}, for ${formatDuration(lifetimeSeconds)}.`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

function inlineJson(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value));
}
