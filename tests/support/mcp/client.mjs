// An MCP client that knows the address of a server and of its own document, and nothing else. The
// SDK does the rest. Prints the address that a user has to open, then what the tool answers.
import { createServer } from "node:http";
import process from "node:process";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [address, clientMetadataUrl, scope] = process.argv.slice(2);

const redirected = Promise.withResolvers?.() ?? withResolvers();
const listener = createServer((request, response) => {
  const { searchParams } = new URL(request.url, "http://127.0.0.1");
  response.end("You may close this tab.");
  redirected.resolve(searchParams);
});
await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
const redirectUrl = `http://127.0.0.1:${listener.address().port}/callback`;

const saved = {};
const provider = {
  redirectUrl,
  clientMetadataUrl,
  clientMetadata: {
    client_name: "Test agent",
    redirect_uris: [redirectUrl],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    ...scope && { scope },
  },
  state: () => "the-state",
  clientInformation: () => saved.client,
  saveClientInformation: (client) => saved.client = client,
  tokens: () => saved.tokens,
  saveTokens: (tokens) => saved.tokens = tokens,
  redirectToAuthorization: (url) => console.log(JSON.stringify({ open: url.href })),
  saveCodeVerifier: (verifier) => saved.verifier = verifier,
  codeVerifier: () => saved.verifier,
};

async function connect() {
  const transport = new StreamableHTTPClientTransport(new URL(address), {
    authProvider: provider,
  });
  const client = new Client({ name: "test-agent", version: "1.0.0" });
  try {
    await client.connect(transport);
    return client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    const answer = await redirected.promise;
    if (answer.get("state") !== "the-state") throw new Error("another state");
    if (answer.has("error")) {
      console.log(JSON.stringify({ error: answer.get("error") }));
      process.exit(3);
    }
    await transport.finishAuth(answer.get("code"), answer.get("iss"));
    return await connect();
  }
}

const client = await connect();
const { content } = await client.callTool({ name: "whoami" });
const [, claims] = saved.tokens.access_token.split(".");
console.log(JSON.stringify({
  answer: content[0].text,
  registered: saved.client?.client_id,
  claims: JSON.parse(Buffer.from(claims, "base64url").toString()),
}));
await client.close();
listener.close();

function withResolvers() {
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}
