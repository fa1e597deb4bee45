import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { nameKey } from "../../shared/name_key.ts";
import { DomainError } from "../domain_error.ts";
import type { ImportProblem } from "../imports/problem.ts";
import type { ImportedToken } from "../imports/tokens/imported_token.ts";
import { buildToken } from "../pats/new_token.ts";
import { findServiceAccountOwner, type PatOwner, userAsOwner } from "../pats/owner.ts";
import { applyPolicy } from "../pats/policy.ts";
import { recordAuditEventBatch } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  findExistingTokens,
  findOwnersByReference,
  insertTokens,
  lockTokenOwners,
  type TokenToInsert,
} from "../store/import_tokens.ts";
import { findTokenFormat, type StoredTokenFormat } from "../store/token_formats.ts";
import { hashLength, literalPrefix } from "../tokens/token_format.ts";
import { DryRun, type ImportedBatch } from "./imported_batch.ts";
import { noSuchTokenFormat } from "./token_format_operations.ts";
import type { AdminDeps, Operation } from "./operation.ts";

/**
 * Imports tokens of another system by their hashes, a batch in one transaction. Each expires no later
 * than the policy allows. A token that exists is left as it is.
 */
export const importTokens: Operation<
  { tokens: ImportedToken[]; format?: string; dryRun: boolean },
  ImportedBatch | DomainError
> = async (deps, { tokens, format: formatName, dryRun }) => {
  const { sql, clock, actor = "operator" } = deps;
  const format = formatName === undefined ? undefined : await findTokenFormat(sql, formatName);
  if (formatName !== undefined && format === undefined) return noSuchTokenFormat(formatName);
  const owners = await findOwners(sql, tokens);
  const problems: ImportProblem[] = [];
  const rows: TokenToInsert[] = [];
  const names = new Map<string, number>();
  for (const [row, token] of tokens.entries()) {
    const owner = owners.get(token.owner);
    const built = buildImported(deps, { token, owner, format, row });
    const earlier = "code" in built
      ? undefined
      : names.get(`${built.owner.id} ${nameKey(built.name)}`);
    if ("code" in built) problems.push(built);
    else if (earlier !== undefined) problems.push(nameTaken(token, `line ${earlier}`));
    else {
      names.set(`${built.owner.id} ${nameKey(built.name)}`, token.line);
      rows.push(built);
    }
  }
  try {
    return await sql.begin(async (tx) => {
      await lockTokenOwners(tx, [...new Set(rows.map(({ owner }) => owner.id))]);
      const inserted = await insertTokens(tx, rows);
      const added = rows.filter(({ row }) => inserted.has(row));
      await recordAuditEventBatch(
        tx,
        clock,
        { event: "token.imported", actor },
        added.map(({ id, owner, name, prefix, scope, expiresAt }) => ({
          subject: id,
          details: {
            owner: owner.id,
            name,
            prefix,
            scope,
            expires_at: expiresAt?.toISOString() ?? "never",
            ...format !== undefined && { format: format.name },
          },
        })),
      );
      const others = rows.filter(({ row }) => !inserted.has(row));
      let unchanged = 0;
      for (const existing of others.length === 0 ? [] : await findExistingTokens(tx, others)) {
        const [token, { owner }] = [
          tokens[existing.row],
          others.find(({ row }) => row === existing.row)!,
        ];
        if (existing.ownerOfHash === owner.id) unchanged++;
        else if (existing.ownerOfHash !== null) problems.push(hashTaken(token));
        else problems.push(nameTaken(token, "an active token of the owner"));
      }
      const result = { imported: added.length, unchanged, problems };
      if (dryRun) throw new DryRun(result);
      return result;
    }) as ImportedBatch;
  } catch (error) {
    if (error instanceof DryRun) return error.result;
    throw error;
  }
};

/** An import does not depend on whether the owner is disabled: then the tokens are not accepted. */
async function findOwners(
  sql: Sql,
  tokens: readonly ImportedToken[],
): Promise<Map<string, PatOwner>> {
  const references = [...new Set(tokens.map(({ owner }) => owner))];
  const owners = new Map<string, PatOwner>();
  for (const [reference, account] of await findOwnersByReference(sql, references)) {
    const owner = "serviceAccount" in account
      ? await findServiceAccountOwner(sql, account.serviceAccount)
      : userAsOwner(account);
    if (owner !== undefined) owners.set(reference, { ...owner, disabled: false });
  }
  return owners;
}

function buildImported(
  deps: AdminDeps,
  { token, owner, format, row }: {
    token: ImportedToken;
    owner: PatOwner | undefined;
    format: StoredTokenFormat | undefined;
    row: number;
  },
): TokenToInsert | ImportProblem {
  const { line, hash, expiresAt } = token;
  const problem = (code: ImportProblem["code"], message: string): ImportProblem => ({
    line,
    user: token.owner,
    code,
    message,
  });
  const length = hashLength(format?.hash ?? "sha256");
  if (hash.length !== 2 * length) {
    return problem(
      "invalid_field",
      `The hash has ${hash.length / 2} bytes, and ${format?.hash ?? "sha256"} has ${length}.`,
    );
  }
  if (owner === undefined) {
    return problem(
      "unknown_owner",
      `There is no user or service account ${valueText(token.owner)}. Import the users first.`,
    );
  }
  const now = deps.clock.now();
  if (expiresAt !== undefined && expiresAt < now + 1000) {
    return problem("expired", "The token has expired. Leave it out.");
  }
  const { maxLifetime } = deps.config.personalAccessTokens;
  const requested = expiresAt === undefined
    ? maxLifetime
    : Math.floor(expiresAt / 1000) - Math.floor(now / 1000);
  const granted = applyPolicy(deps, owner, {
    name: token.name ?? `imported-${hash.slice(0, 8)}`,
    description: token.description,
    scopes: token.scopes,
    resource: token.resource,
    lifetime: Math.min(requested, maxLifetime),
    allowedAddresses: token.allowedAddresses,
  }, now);
  if (granted instanceof DomainError) return problem("not_allowed", granted.message);
  return {
    ...buildToken(deps, { ...granted, owner, secret: "", id: randomUUID() }),
    tokenHash: Buffer.from(hash, "hex"),
    prefix: format === undefined
      ? brand.tokenPrefixes.personalAccessToken
      : literalPrefix(format.pattern),
    format: format?.name,
    row,
  };
}

function nameTaken({ line, owner }: ImportedToken, by: string): ImportProblem {
  return {
    line,
    user: owner,
    code: "name_taken",
    message: `The name is that of ${by}. Choose another one.`,
  };
}

function hashTaken({ line, owner }: ImportedToken): ImportProblem {
  return {
    line,
    user: owner,
    code: "hash_taken",
    message:
      "A token with this hash belongs to another owner. Revoke that one, or correct the owner.",
  };
}
