/** Checks of files for other services, by those services. */
import { join } from "node:path";
import { fromRoot, promtool } from "../prometheus.ts";
import { startPgBouncer } from "../pgbouncer.ts";
import { type Check, outputOf, passes } from "./check.ts";

/** A server of nginx, or what one contains. Hosts are not looked up. */
export const isNginx: Check = async ({ code }, { folder }) => {
  const certificate = fromRoot("tests/support/certificate");
  const text = code.replaceAll("auth.example.com", "127.0.0.1")
    .replace(/(ssl_certificate +)\S+;/, `$1${certificate}/cert.pem;`)
    .replace(/(ssl_certificate_key +)\S+;/, `$1${certificate}/key.pem;`);
  const path = join(folder, "nginx.conf");
  await Deno.writeTextFile(
    path,
    `error_log stderr;\npid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${
      ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
        `${kind}_temp_path ${folder}/${kind};\n`
      ).join("")
    }${/^server /m.test(text) ? text : `server {\n${text}\n}`}\n}\n`,
  );
  return await outputOf("nginx", ["-t", "-e", "stderr", "-c", path]);
};

export const isCaddyfile: Check = async ({ code }, { folder }) => {
  const path = join(folder, "Caddyfile");
  await Deno.writeTextFile(path, code);
  return await outputOf("caddy", ["validate", "--config", path, "--adapter", "caddyfile"]);
};

/** A unit of systemd, or a drop-in for the server's. */
export const isUnit: Check = async ({ code }, { folder }) => {
  const [, name = "snippet.service"] = /\/([\w-]+\.(?:service|timer))$/m.exec(code) ?? [];
  const isTimer = name.endsWith(".timer");
  const service = isTimer ? "[Service]" : code;
  const withProgram = /^ExecStart=/m.test(service) ? service : `${service}\nExecStart=/bin/true\n`;
  const files: Record<string, string> = {
    // The program is not where the page has it.
    [name.replace(".timer", ".service")]: withProgram.replace(/^(ExecStart=)\S+/m, "$1/bin/true"),
    ...isTimer && { [name]: code },
  };
  for (const [file, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(folder, file), text);
  }
  // Unknown keys are warnings, and do not fail; the machine's own units are not ours.
  const output = await outputOf("sh", [
    "-c",
    `systemd-analyze --man=no verify "$1" 2>&1; false`,
    "sh",
    join(folder, name),
  ]);
  return output.split("\n").filter((line) => line.includes(name.split(".")[0])).join("\n");
};

export const isPrometheusConfig: Check = passes(async ({ code }) => {
  const path = await Deno.makeTempFile({ suffix: ".yml" });
  try {
    await Deno.writeTextFile(path, code);
    await promtool(["check", "config", "--syntax-only", path]);
  } finally {
    await Deno.remove(path);
  }
});

/** The file of PgBouncer: it starts with the settings. */
export const isPgBouncerConfig: Check = passes(async ({ code }) => {
  const [, settings] = code.split("[pgbouncer]\n");
  await using _ = await startPgBouncer("postgres://u:p@127.0.0.1:1/d", {
    settings: settings.split("\n"),
  });
});
