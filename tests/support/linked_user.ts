/** A user who signed in with an identity provider, with a login that was approved in that browser. */
import { createHash, randomUUID } from "node:crypto";
import type { ServerConfig } from "../../server/config/server_config.ts";
import { saveProviderSignals } from "../../server/store/provider_signals.ts";
import type { OidcIssuer } from "./oidc_issuer.ts";
import { addUserWithPassword, signedIn } from "./person.ts";
import type { Visitor } from "./page_visitor.ts";
import type { TestServer } from "./test_server.ts";

export const PROVIDER = "okta";
export const CLIENT_ID = "client-of-ours";
export const EVENTS_TOKEN = "bearer-token-for-events";

export interface LinkedUser {
  id: string;
  email: string;
  /** At the provider. */
  subject: string;
  /** The session there. */
  sid: string;
  refreshToken: string;
  accessToken: string;
  /** A browser that did not sign in with the provider. */
  browser: Visitor;
  /** Whether the browser that did is signed in. */
  isSignedIn(): Promise<boolean>;
}

export async function addProvider(
  { parts: { sql } }: TestServer,
  issuer: Pick<OidcIssuer, "url">,
  { domains = [], logoutRevokesLogins = false, disablesUsers = true }: {
    domains?: string[];
    logoutRevokesLogins?: boolean;
    disablesUsers?: boolean;
  } = {},
): Promise<void> {
  await sql`
    insert into identity_providers (
      name, template, issuer, client_id, client_secret, first_sign_in, domains, created_at
    ) values (
      ${PROVIDER}, 'generic', ${issuer.url}, ${CLIENT_ID}, 'x', 'allow', ${sql.json(domains)}, now()
    )`;
  await sql.begin((tx) =>
    saveProviderSignals(tx, {
      provider: PROVIDER,
      logoutRevokesLogins,
      disablesUsers,
      eventsTokenHash: createHash("sha256").update(EVENTS_TOKEN).digest(),
      now: new Date(),
    })
  );
}

export async function addLinkedUser(
  server: TestServer,
  issuer: Pick<OidcIssuer, "url">,
  email: string,
): Promise<LinkedUser> {
  const { sql } = server.parts;
  const { id } = await addUserWithPassword(server, email);
  const [subject, sid, identityId] = [randomUUID(), randomUUID(), randomUUID()];
  await sql`
    insert into identities (id, provider, issuer, subject, user_id, email, created_at)
    values (${identityId}, ${PROVIDER}, ${issuer.url}, ${subject}, ${id}, ${email}, now())`;
  const tokens = await server.login(id);
  await sql`
    update sessions set identity_id = ${identityId}, upstream_session_id = ${sid}
    where id in (select session_id from refresh_token_families where user_id = ${id})`;
  return {
    id,
    email,
    subject,
    sid,
    refreshToken: tokens.refresh_token!,
    accessToken: tokens.access_token,
    browser: await signedIn(server, email),
    async isSignedIn() {
      const now = new Date(server.clock.now());
      const rows = await sql`
        select from sessions where upstream_session_id = ${sid} and expires_at > ${now}`;
      return rows.length === 1;
    },
  };
}

/** Lets the server reach the provider, which is on this machine. */
export function reachLoopback(config: ServerConfig): void {
  config.privateIdentityProviders = true;
}
