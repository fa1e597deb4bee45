/** A real Prometheus, from Debian's package. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "./free_port.ts";

export function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Runs promtool, which must find nothing wrong. */
export async function promtool(args: string[], input = ""): Promise<void> {
  const process = new Deno.Command("promtool", {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert.ok(success, `promtool ${args.join(" ")}:\n${said}`);
}

interface Sample {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

export interface Prometheus extends AsyncDisposable {
  /** The result of an instant query; an invalid one fails. */
  query(expression: string): Promise<Sample[]>;
  rules(): Promise<{ name: string; health: string }[]>;
}

/** Starts it with one target, which it scrapes each second. */
export async function startPrometheus(
  { scrape, rules }: { scrape: string; rules: string },
): Promise<Prometheus> {
  const folder = await Deno.makeTempDir();
  const { host, pathname } = new URL(scrape);
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [rules],
    scrape_configs: [{
      job_name: "auth",
      metrics_path: pathname,
      static_configs: [{ targets: [host] }],
    }],
  };
  // JSON is YAML.
  await Deno.writeTextFile(`${folder}/prometheus.yml`, JSON.stringify(config));
  const address = `127.0.0.1:${freePort()}`;
  const process = new Deno.Command("prometheus", {
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const get = async (path: string) => {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    const { status, error, data } = await response.json();
    assert.equal(status, "success", `${path}: ${error}`);
    return data;
  };
  return {
    async query(expression) {
      // Until it listens, there is nothing to find.
      const data = await get(`query?query=${encodeURIComponent(expression)}`)
        .catch((error) => {
          if (error instanceof TypeError || error instanceof SyntaxError) return { result: [] };
          throw error;
        });
      return data.result;
    },
    async rules() {
      const { groups } = await get("rules");
      return groups.flatMap(({ rules }: { rules: object[] }) => rules);
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
