/** `fetch` that never uses a proxy for loopback addresses. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
const LOOPBACK = ["localhost", "127.0.0.0/8", "::1"];

/** Tokens for a server on this machine, sent over plain http, must not leave the machine. */
export function fetchWithoutLoopbackProxy(): typeof globalThis.fetch {
  let client: Deno.HttpClient | undefined;
  return (input, init) => {
    client ??= loopbackExemptClient();
    return client === undefined ? fetch(input, init) : fetch(input, { ...init, client });
  };
}

/**
 * Deno reads the proxy variables when a client is created. NO_PROXY is restored immediately,
 * because programs inherit the environment, and to them `NO_PROXY=*,localhost` is different from
 * `NO_PROXY=*`.
 */
function loopbackExemptClient(): Deno.HttpClient | undefined {
  const isSet = (name: string) => Deno.env.get(name) || Deno.env.get(name.toLowerCase());
  if (!PROXY_VARIABLES.some(isSet)) return undefined;
  const original = Deno.env.get("NO_PROXY");
  const exempt = original || Deno.env.get("no_proxy");
  Deno.env.set("NO_PROXY", [...(exempt ? [exempt] : []), ...LOOPBACK].join(","));
  try {
    return Deno.createHttpClient({});
  } finally {
    if (original === undefined) Deno.env.delete("NO_PROXY");
    else Deno.env.set("NO_PROXY", original);
  }
}
