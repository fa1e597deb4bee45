import { randomUUID } from "node:crypto";
import { insertPersonalAccessToken } from "../../server/store/pats/write.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { brand } from "../../shared/brand.ts";
import type { TestServer } from "./test_server.ts";

/** Rows of tokens as they may be in the database, also those that no form accepts. */
export async function seedTokens(
  { parts: { sql }, clock }: TestServer,
  owner: { id: string },
  /** In seconds. `lifetime` is the whole one; default: what is left of it. */
  tokens: { name: string; expiresIn?: number; lifetime?: number }[],
): Promise<string[]> {
  return await sql.begin(async (tx) => {
    const ids = [];
    for (const [index, { name, expiresIn, lifetime }] of tokens.entries()) {
      const id = randomUUID();
      const age = lifetime === undefined ? 0 : lifetime - expiresIn!;
      await insertPersonalAccessToken(tx, {
        id,
        owner: { kind: "user", id: owner.id },
        name,
        tokenHash: tokenHash(id),
        prefix: `${brand.tokenPrefixes.personalAccessToken}abcdefgh`,
        scope: "deploy",
        audience: "x",
        allowedAddresses: [],
        createdAt: new Date(clock.now() + index - age * 1000),
        expiresAt: expiresIn === undefined ? undefined : new Date(clock.now() + expiresIn * 1000),
      });
      ids.push(id);
    }
    return ids;
  }) as string[];
}
