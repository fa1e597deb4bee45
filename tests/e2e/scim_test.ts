/** The compiled server under a public compliance suite, and the first synchronization of many users. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testDirectory } from "../support/directory.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { programPath } from "../support/reverse_proxy.ts";
import { isUsable } from "../support/toolchain.ts";

/** Pinned: a later version may check something else. */
const PACKAGES = ["scim2-tester==0.5.2", "scim2-client[httpx2]==0.13.2"];
const SCRIPT = fileURLToPath(new URL("../support/scim_tester.py", import.meta.url));

async function python(args: string[], env: Record<string, string> = {}): Promise<string> {
  const command = new Deno.Command(await programPath("python3"), {
    args,
    env,
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "scim2-tester finds no errors",
  ignore: Deno.build.os !== "linux" || !await isUsable("python3"),
  async fn() {
    await using server = await install({ database: POSTGRES });
    const added = await server.operate(["admin", "scim", "add", "tester"]);
    assert.equal(added.code, 0, added.stderr);
    const modules = await Deno.makeTempDir({ prefix: "scim-tester-" });
    try {
      await python([
        ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
        ...["--root-user-action", "ignore", "--target", modules, ...PACKAGES],
      ]);
      const output = await python([SCRIPT, `${server.issuer}/scim/v2`], {
        PYTHONPATH: join(modules),
        SCIM_TOKEN: added.stdout.trim(),
      });
      const results = JSON.parse(output) as { status: string; title: string }[];
      assert.ok(results.filter(({ status }) => status === "SUCCESS").length > 100);
      // It would search users and groups at once, which is optional.
      const other = results.filter(({ status, title }) =>
        status !== "SUCCESS" && !(status === "SKIPPED" && title === "search_with_attributes")
      );
      assert.deepEqual(other, []);
    } finally {
      await Deno.remove(modules, { recursive: true });
    }
  },
});

Deno.test("a directory connects with the printed token, and disables a signed-in user", async () => {
  await using server = await install({ database: POSTGRES });
  const email = "bob@example.com";
  await server.addUser({ email, password: "correct horse of bob" }, "--name", "Bob");
  const added = await server.operate(["admin", "scim", "add", "okta", "--json"]);
  const { url, token } = JSON.parse(added.stdout);
  assert.match(url, /\/scim\/v2$/);
  const okta = testDirectory((path, init) => fetch(server.issuer + path, init), {
    name: "okta",
    token,
  });
  const refused = await okta.send("POST", "/Users", { userName: email });
  assert.deepEqual([refused.status, refused.body.scimType], [409, "uniqueness"]);
  const allow = ["admin", "scim", "update", "okta", "--allow-domain", "example.com"];
  assert.equal((await server.operate(allow)).code, 0);
  const id = await okta.addUser(email, { displayName: "Bob" });
  const disabled = await okta.send("PATCH", `/Users/${id}`, {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    Operations: [{ op: "Replace", path: "active", value: "False" }],
  });
  assert.equal(disabled.body.active, false);
  const user = await server.operate(["admin", "user", "show", email, "--json"]);
  assert.equal(JSON.parse(user.stdout).disabled, true);
  // Entra ID's tenant URL has a parameter, and some clients end the base URL with a slash.
  assert.equal((await okta.send("GET", "/Users/?aadOptscim062020")).body.totalResults, 1);
  const rotate = ["admin", "scim", "rotate-token", "okta", "--overlap", "0s"];
  assert.equal((await server.operate(rotate)).code, 0);
  assert.equal((await okta.send("GET", "/Users")).status, 401);
});
