/**
 * nginx and Caddy as an operator runs them, set up with the examples of
 * docs/reverse-proxies.md word for word: the addresses alone are replaced.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Running, start } from "./binary.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free_port.ts";

const DOCUMENTATION = new URL("../../docs/reverse-proxies.md", import.meta.url);

/** Ports of 127.0.0.1. */
export interface ProxiedPorts {
  auth: number;
  upstream: number;
}

export interface ReverseProxy extends AsyncDisposable {
  url: string;
}

/** The reverse proxies that the documentation says are tested. */
export const reverseProxies: Record<string, (ports: ProxiedPorts) => Promise<ReverseProxy>> = {
  nginx: (ports) => startProxy("nginx", ports, startNginx),
  Caddy: (ports) => startProxy("caddyfile", ports, startCaddy),
};

async function startNginx(folder: string, site: string): Promise<Running> {
  const config = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`);
  const lines = [
    // One process, so that ending it ends all of it.
    "daemon off; master_process off;",
    `pid ${join(folder, "pid")}; error_log stderr;`,
    "events {}",
    "http {",
    "access_log off;",
    ...temporary,
    site,
    "}",
  ];
  await Deno.writeTextFile(config, lines.join("\n"));
  return start(["-p", folder, "-e", "stderr", "-c", config], {}, await programPath("nginx"));
}

async function startCaddy(folder: string, site: string): Promise<Running> {
  const config = join(folder, "Caddyfile");
  await Deno.writeTextFile(config, `{\n\tadmin off\n\tauto_https off\n}\n${site}`);
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const args = ["run", "--config", config, "--adapter", "caddyfile"];
  return start(args, { env }, await programPath("caddy"));
}

async function startProxy(
  language: string,
  ports: ProxiedPorts,
  run: (folder: string, site: string) => Promise<Running>,
): Promise<ReverseProxy> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "proxy-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freePort();
  const running = cleanUp.use(
    await run(folder, await documentedSite(language, { ...ports, proxy: port })),
  );
  const ended = running.ended.then(({ stderr }) => stderr);
  await eventually("the proxy listens", async () => {
    const listens = Deno.connect({ hostname: "127.0.0.1", port })
      .then((connection) => connection.close(), () => "not yet");
    const end = await Promise.race([listens, ended]);
    assert.ok(end === undefined || end === "not yet", `the proxy ended:\n${end}`);
    return end === undefined;
  });
  const owned = cleanUp.move();
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The documentation's example in `language`, with this test's ports. */
async function documentedSite(
  language: string,
  { auth, upstream, proxy }: ProxiedPorts & { proxy: number },
): Promise<string> {
  const documentation = await Deno.readTextFile(DOCUMENTATION);
  const [, site] = new RegExp("```" + language + "\n([^]*?)```").exec(documentation) ?? [];
  assert.ok(site, `no example in ${language}`);
  return site
    .replaceAll("127.0.0.1:8787", `127.0.0.1:${auth}`)
    .replaceAll("127.0.0.1:3000", `127.0.0.1:${upstream}`)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${proxy}`);
}

/** Debian keeps nginx where a user's PATH does not lead. */
async function programPath(name: string): Promise<string> {
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin"]) {
    const path = join(folder, name);
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  throw new Error(`${name} is not there. Run: deno task test, which installs it`);
}
