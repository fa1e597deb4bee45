/**
 * panva's oidc-provider as it comes. Without a database, its tokens are in memory, at most 1,000.
 * Users are signed in and have approved everything without a page.
 */
import { createServer } from "node:http";
import { argv, stdout } from "node:process";
import Provider from "oidc-provider";

const port = Number(argv[2]);
const databaseUrl = argv[3];
const client = { client_id: "bench", client_secret: "bench-secret" };
const { postgresAdapter } = databaseUrl === undefined ? {} : await import("./postgres_adapter.mjs");
const provider = new Provider(`http://127.0.0.1:${port}`, {
  ...postgresAdapter && { adapter: await postgresAdapter(databaseUrl) },
  clients: [{
    ...client,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  }, {
    client_id: "bench-device",
    token_endpoint_auth_method: "none",
    application_type: "native",
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
    redirect_uris: [],
    response_types: [],
  }, {
    client_id: "bench-public",
    token_endpoint_auth_method: "none",
    application_type: "native",
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: ["http://127.0.0.1:1/callback"],
    response_types: ["code"],
  }],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: false },
  },
  ttl: { ClientCredentials: 3600 },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  // Otherwise only requests with prompt=consent get a refresh token.
  issueRefreshToken: (_ctx, client, code) =>
    client.grantTypeAllowed("refresh_token") && code.scopes.has("openid"),
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid offline_access");
    await grant.save();
    return grant;
  },
});
const handle = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith("/interaction/")) return handle(request, response);
  const result = { login: { accountId: "user" }, consent: {} };
  provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}).listen(port, "127.0.0.1", async () => {
  const response = await fetch(`http://127.0.0.1:${port}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const { access_token: token } = await response.json();
  stdout.write(`ready ${token}\n`);
});
