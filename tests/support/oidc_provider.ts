/**
 * panva's certified oidc-provider, as a process of its own: an identity provider that we did not
 * write. Its pages are those of its development mode, which accept any name as user and password.
 */
import { createServer } from "node:http";
import process from "node:process";
import Provider from "oidc-provider";

const [port, redirectUri, secret] = Deno.args;
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: "server",
    client_secret: secret,
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [redirectUri],
    response_types: ["code"],
  }],
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name", "groups"],
  },
  // The login is the local part of the address.
  findAccount: (_: unknown, id: string) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@acme.com`,
      email_verified: true,
      name: `${id} of Acme`,
      groups: ["dev"],
    }),
  }),
  pkce: { required: () => true },
  ttl: { Session: 3600, Interaction: 600, Grant: 3600 },
});
createServer(provider.callback()).listen(
  Number(port),
  "127.0.0.1",
  () => process.stdout.write("ready\n"),
);
