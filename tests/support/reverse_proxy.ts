/**
 * Reverse proxies as an operator runs them, set up with the examples of
 * docs/reverse-proxies.md word for word: only addresses and paths of files are replaced.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Running, start } from "./binary.ts";
import { startEnvoy } from "./envoy.ts";
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
  Caddy: (ports) => startProxy("Caddy", ports, startCaddy),
  HAProxy: (ports) => startProxy("HAProxy", ports, startHaproxy),
  Apache: (ports) => startProxy("Apache", ports, startApache),
  Envoy: (ports) =>
    startProxy(
      "Envoy",
      ports,
      (folder, example, ports) => startEnvoy(folder, example("yaml"), ports),
    ),
  "Envoy with path_override": (ports) =>
    startProxy(
      "Envoy",
      ports,
      (folder, example, ports) => startEnvoy(folder, withPathOverride(example("yaml")), ports),
    ),
};

/** What the documentation says of Envoy 1.38 and later, done to its example. */
function withPathOverride(example: string): string {
  return example
    .replace("path_prefix: /auth/verify", "path_override: /auth/verify?scope=deploy&jwt=1")
    .replace(/^ *- \{ key: x-auth-required-scope, .*\n/m, "");
}

/** The examples of a proxy by their languages. */
type Examples = (language: string) => string;

/** Runs nginx with the servers of an example. */
export async function startNginx(folder: string, example: Examples): Promise<Running> {
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
    example("nginx"),
    "}",
  ];
  await Deno.writeTextFile(config, lines.join("\n"));
  return start(["-p", folder, "-e", "stderr", "-c", config], {}, await programPath("nginx"));
}

/** Runs Caddy with the site of an example. */
export async function startCaddy(folder: string, example: Examples): Promise<Running> {
  const config = join(folder, "Caddyfile");
  const options = "{\n\tadmin off\n\tauto_https off\n}\n";
  await Deno.writeTextFile(config, options + example("caddyfile"));
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const args = ["run", "--config", config, "--adapter", "caddyfile"];
  return start(args, { env }, await programPath("caddy"));
}

async function startHaproxy(folder: string, example: Examples): Promise<Running> {
  const [config, script] = [join(folder, "haproxy.cfg"), join(folder, "verify.lua")];
  await Deno.writeTextFile(script, example("lua"));
  await Deno.writeTextFile(
    config,
    example("haproxy").replace("/etc/haproxy/verify.lua", script),
  );
  return start(["-db", "-f", config], {}, await programPath("haproxy"));
}

async function startApache(folder: string, example: Examples): Promise<Running> {
  const [config, script] = [join(folder, "apache.conf"), join(folder, "verify.lua")];
  await Deno.writeTextFile(script, example("lua"));
  const site = example("apache").replace("/etc/apache2/verify.lua", script);
  const [, address] = /<VirtualHost (\S+)>/.exec(site)!;
  const modules = ["mpm_event", "authn_core", "authz_core", "proxy", "proxy_http", "lua"];
  const lines = [
    `ServerRoot ${folder}`,
    `DefaultRuntimeDir ${folder}`,
    `Mutex file:${folder}`,
    `PidFile ${join(folder, "pid")}`,
    "ErrorLog /dev/stderr",
    "ServerName localhost",
    // What Debian's configuration has.
    ...Deno.uid() === 0 ? ["User www-data", "Group www-data"] : [],
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    `Listen ${address}`,
    site,
  ];
  await Deno.writeTextFile(config, lines.join("\n"));
  await Deno.chmod(folder, 0o755);
  // One process, so that ending it ends all of it.
  return start(["-f", config, "-X"], {}, await programPath("apache2"));
}

async function startProxy(
  section: string,
  ports: ProxiedPorts,
  run: (
    folder: string,
    example: Examples,
    ports: ProxiedPorts & { proxy: number },
  ) => Promise<Running>,
): Promise<ReverseProxy> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "proxy-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freePort();
  const allPorts = { ...ports, proxy: port };
  const running = cleanUp.use(
    await run(folder, await documentedExamples(section, allPorts), allPorts),
  );
  const ended = running.ended.then(({ stderr }) => stderr);
  await eventually("the proxy listens", async () => {
    const listens = Deno.connect({ hostname: "127.0.0.1", port })
      .then((connection) => connection.close(), () => "not yet");
    const end = await Promise.race([listens, ended]);
    assert.ok(end === undefined || end === "not yet", `the proxy exited:\n${end}`);
    return end === undefined;
  });
  const owned = cleanUp.move();
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The documentation's examples for one proxy, with this test's ports. */
async function documentedExamples(
  section: string,
  { auth, upstream, proxy }: ProxiedPorts & { proxy: number },
): Promise<Examples> {
  const documentation = await Deno.readTextFile(DOCUMENTATION);
  const [, text] = new RegExp(`\n## ${section}\n([^]*?)(?=\n## |$)`).exec(documentation) ?? [];
  assert.ok(text, `no section ${section}`);
  return (language) => {
    const [, example] = new RegExp("```" + language + "\n([^]*?)```").exec(text) ?? [];
    assert.ok(example, `no example in ${language}`);
    return example
      .replaceAll("127.0.0.1:8787", `127.0.0.1:${auth}`)
      .replaceAll("127.0.0.1:3000", `127.0.0.1:${upstream}`)
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${proxy}`);
  };
}

/** Where a program is. Debian keeps servers where a user's PATH does not lead. */
export async function programPath(name: string): Promise<string> {
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin"]) {
    const path = join(folder, name);
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  throw new Error(`${name} is not there. Run: deno task test, which installs it`);
}
