/** The `fetch` of this process. */
import type { ClientIo } from "../io.ts";

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
const LOOPBACK = ["localhost", "127.0.0.0/8", "::1"];

/**
 * Trusts the certificate authorities of the system and of the environment, which are read at the
 * first request that may need them, and never uses a proxy for loopback addresses: tokens for a
 * server on this machine, sent over plain http, must not leave the machine.
 */
export function processFetch(
  { env, platform: { os } }: Pick<ClientIo, "env" | "platform">,
): typeof globalThis.fetch {
  let client: Deno.HttpClient | undefined;
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    // A proxy may be reached over TLS as well.
    if (url.protocol === "https:" || hasProxy()) {
      const { CA_FILE_VARIABLE, trustAuthorities } = await import(
        "../../shared/certificate_authorities.ts"
      );
      trustAuthorities({ env, os, caFile: env[CA_FILE_VARIABLE] });
    }
    client ??= loopbackExemptClient();
    return await (client === undefined ? fetch(input, init) : fetch(input, { ...init, client }));
  };
}

function hasProxy(): boolean {
  return PROXY_VARIABLES.some((name) => Deno.env.get(name) || Deno.env.get(name.toLowerCase()));
}

/**
 * Deno reads the proxy variables when a client is created. NO_PROXY is restored immediately,
 * because programs inherit the environment, and to them `NO_PROXY=*,localhost` is different from
 * `NO_PROXY=*`.
 */
function loopbackExemptClient(): Deno.HttpClient | undefined {
  if (!hasProxy()) return undefined;
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
