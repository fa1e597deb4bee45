/** Users who are signed in and have approved the client before, and what each login costs then. */
import { createHash, randomUUID } from "node:crypto";
import type postgres from "postgres";
import { brand } from "../../../shared/brand.ts";
import { authorizationUrl, type CodeClient, codeOf, redeem } from "../authorization_code.ts";
import { PUBLIC_CLIENT } from "../contender.ts";
import type { Steps } from "../steps.ts";

const USERS = 16;
const SCOPE = "openid profile email offline_access";

const sha256 = (text: string) => createHash("sha256").update(text).digest();

export function authorizationCodeLoad(origin: string, cookies: readonly string[]): Steps {
  const client: CodeClient = {
    authorizationUrl: `${origin}/oauth/authorize`,
    tokenUrl: `${origin}/oauth/token`,
    clientId: PUBLIC_CLIENT,
    scope: SCOPE,
  };
  let next = 0;
  return {
    atATime: USERS,
    async run() {
      const response = await fetch(authorizationUrl(client), {
        redirect: "manual",
        headers: { cookie: cookies[next++ % USERS] },
        signal: AbortSignal.timeout(30_000),
      });
      await response.body?.cancel();
      await redeem(client, codeOf(response.headers.get("location")));
    },
  };
}

/** Returns the cookies of browsers in which they are signed in. */
export async function addSessions(sql: postgres.Sql, port: number): Promise<string[]> {
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000);
  await sql`
    insert into clients (id, name, is_public, grants, redirect_uris, consent, created_at)
    values (${PUBLIC_CLIENT}, 'Bench', true, '["code"]', '["loopback"]', 'remember', ${now})`;
  return await Promise.all(Array.from({ length: USERS }, async (_, number) => {
    const [id, token] = [randomUUID(), sha256(`session ${number}`).toString("base64url")];
    const email = `user${number}@example.com`;
    await sql`
      insert into users (id, email, email_key, name, created_at)
      values (${id}, ${email}, ${email}, 'Bench', ${now})`;
    await sql`
      insert into sessions (id, token_hash, user_id, created_at, authenticated_at, last_seen_at,
        expires_at, address, user_agent)
      values (${randomUUID()}, ${sha256(token)}, ${id}, ${now}, ${now}, ${now}, ${later}, '', '')`;
    await sql`
      insert into consents (user_id, client_id, redirect_uri, scope, created_at, last_used_at)
      values (${id}, ${PUBLIC_CLIENT}, 'loopback', ${SCOPE}, ${now}, ${now})`;
    return `${brand.folderName}-browser-${port}=${token}`;
  }));
}
