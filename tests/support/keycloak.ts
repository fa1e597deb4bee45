/**
 * A real Keycloak on 127.0.0.1 as the identity provider of a company, from its own distribution on
 * Maven Central. Needs `java` and `mvn`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free_port.ts";
import { programPath } from "./reverse_proxy.ts";
import { temporaryHome } from "./temporary_home.ts";
import { isUsable } from "./toolchain.ts";

const VERSION = "26.4.0";
const ADMINISTRATOR = { username: "operator", password: "operator-of-keycloak" };

export const canRunKeycloak = (await Promise.all(["java", "mvn"].map(isUsable)))
  .every((usable) => usable);

export interface Keycloak extends AsyncDisposable {
  /** Of a realm. */
  issuer(realm: string): string;
  /** Calls its administration API, such as `PUT /acme/users/ID`; returns the JSON, if any. */
  administer(method: string, path: string, body?: unknown): Promise<unknown>;
  /**
   * The realm as `kc.sh export` writes it, with the users and their hashed passwords. The server
   * is stopped for it.
   */
  exportRealm(realm: string): Promise<string>;
}

/**
 * The process that `kc.sh` waits for. The script does not pass signals on: without it, Keycloak
 * would run on.
 */
export async function javaProcess(scriptPid: number): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${scriptPid}/task/${scriptPid}/children`);
  return Number(children.split(" ")[0]) || scriptPid;
}

/** Starts Keycloak with realms in the format of its exports. */
export async function startKeycloak(realms: readonly { realm: string }[]): Promise<Keycloak> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const folder = await unpackKeycloak(home.folder);
  const imports = join(folder, "data/import");
  await Deno.mkdir(imports, { recursive: true });
  for (const realm of realms) {
    await Deno.writeTextFile(join(imports, `${realm.realm}.json`), JSON.stringify(realm));
  }
  const port = freePort();
  const origin = `http://localhost:${port}`;
  const env = {
    KC_BOOTSTRAP_ADMIN_USERNAME: ADMINISTRATOR.username,
    KC_BOOTSTRAP_ADMIN_PASSWORD: ADMINISTRATOR.password,
    JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1",
  };
  const server = new Deno.Command("bash", {
    args: [
      ...["bin/kc.sh", "start-dev", "--import-realm", "--cache=local"],
      ...["--http-host=localhost", `--http-port=${port}`],
    ],
    cwd: folder,
    env,
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) Deno.kill(await javaProcess(server.pid), "SIGTERM");
    isStopped = true;
    await server.status;
  };
  cleanUp.defer(() => stop());
  const issuer = (realm: string) => `${origin}/realms/${realm}`;
  const isUp = async () => {
    const response = await fetch(`${issuer("master")}/.well-known/openid-configuration`)
      .catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok;
  };
  await eventually("Keycloak answers", isUp, 300_000);

  const owned = cleanUp.move();
  return {
    issuer,
    async administer(method, path, body) {
      const { access_token } = await (await fetch(
        `${issuer("master")}/protocol/openid-connect/token`,
        {
          method: "POST",
          body: new URLSearchParams({
            grant_type: "password",
            client_id: "admin-cli",
            ...ADMINISTRATOR,
          }),
        },
      )).json();
      const response = await fetch(`${origin}/admin/realms${path}`, {
        method,
        headers: {
          authorization: `Bearer ${access_token}`,
          ...body !== undefined && { "content-type": "application/json" },
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    async exportRealm(realm) {
      // Its development database takes one process at a time.
      await stop();
      const file = join(home.folder, "export.json");
      const { success, stderr } = await new Deno.Command("bash", {
        args: ["bin/kc.sh", "export", "--realm", realm, "--users", "same_file", "--file", file],
        cwd: folder,
        env,
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return await Deno.readTextFile(file);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Downloads and unpacks the distribution, with the caches of this machine. Returns the folder of
 * Keycloak in `folder`.
 */
export async function unpackKeycloak(folder: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(await programPath("mvn"), {
    args: [
      ...["--quiet", "--batch-mode", "dependency:unpack"],
      `-Dartifact=org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`,
      `-DoutputDirectory=${folder}`,
    ],
    cwd: folder,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, text(stdout) + text(stderr));
  return join(folder, `keycloak-${VERSION}`);
}
