/** Creating personal access tokens by REST, and exchanging them for JWTs. */
import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { brand } from "../../../shared/brand.ts";
import { managementResource } from "../../../shared/management.ts";
import { addLogins, addTokens } from "../../scale/operations.ts";
import { FORM } from "../contender.ts";
import type { Load } from "../load.ts";
import type { Steps } from "../steps.ts";

const LOGINS = 100;
/** Fewer exchanges of each than its rate limit allows. */
const EXCHANGED_TOKENS = 1000;

/** By the access tokens of logins of as many users. */
export async function tokenCreationLoad(sql: postgres.Sql, origin: string): Promise<Steps> {
  const logins = await addLogins({ sql }, LOGINS, {
    scope: "offline_access manage:tokens",
    resource: managementResource(origin),
  });
  const tokens = await Promise.all(logins.map(async (refreshToken) => {
    const response = await fetch(`${origin}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "refresh_token",
        client_id: brand.cliClientId,
        refresh_token: refreshToken,
      }),
      signal: AbortSignal.timeout(30_000),
    });
    const { access_token } = await response.json();
    if (access_token === undefined) throw new Error(`no access token: ${response.status}`);
    return access_token as string;
  }));
  let next = 0;
  return {
    atATime: 16,
    async run() {
      const response = await fetch(`${origin}/api/v1/tokens`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${tokens[next++ % LOGINS]}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ name: randomUUID(), scopes: [] }),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.status !== 201) throw new Error(`${response.status} ${text}`);
    },
  };
}

export async function exchangeLoad(
  sql: postgres.Sql,
  { url, file }: { url: string; file: string },
): Promise<Load> {
  await Deno.writeTextFile(file, (await addTokens(sql, EXCHANGED_TOKENS)).join("\n"));
  return {
    url,
    method: "POST",
    headers: FORM,
    tokenFile: file,
    bodyBeforeToken: "grant_type=urn:ietf:params:oauth:grant-type:token-exchange" +
      "&subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token=",
    manyAddresses: true,
  };
}
