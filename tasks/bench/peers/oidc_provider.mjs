/** panva's oidc-provider as it comes, its tokens in memory: introspection of an
 * opaque token, and the device flow. */
import { createServer } from "node:http";
import { argv, stdout } from "node:process";
import Provider from "oidc-provider";

const port = Number(argv[2]);
const client = { client_id: "bench", client_secret: "bench-secret" };
const provider = new Provider(`http://127.0.0.1:${port}`, {
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
  }],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: false },
  },
  ttl: { ClientCredentials: 3600 },
});
createServer(provider.callback()).listen(port, "127.0.0.1", async () => {
  const response = await fetch(`http://127.0.0.1:${port}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const { access_token: token } = await response.json();
  stdout.write(`ready ${token}\n`);
});
