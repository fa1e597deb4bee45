/** `fetch` as this process has it. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
const LOOPBACK = ["localhost", "127.0.0.0/8", "::1"];

/**
 * `fetch` that never uses a proxy for this machine: what is sent here, tokens over
 * plain http among it, must not leave it.
 */
export function fetchWithoutLoopbackProxy(): typeof globalThis.fetch {
  let client: Deno.HttpClient | undefined;
  return (input, init) => {
    client ??= loopbackExemptClient();
    return client === undefined ? fetch(input, init) : fetch(input, { ...init, client });
  };
}

/**
 * Deno takes proxies and NO_PROXY from the environment when a client is created.
 * NO_PROXY is restored at once: programs that we start inherit our environment,
 * and `NO_PROXY=*,localhost` means something else to them than `NO_PROXY=*`.
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
