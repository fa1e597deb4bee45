/** Tokens of a server whose key is in an HSM, here in software, which it never leaves. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ALICE, install } from "../support/installation.ts";
import { eventually } from "../support/eventually.ts";
import { terminal } from "../support/terminal.ts";

Deno.test({
  name: "the HSM signs the tokens of a login, and an outage of it costs none",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using at = await terminal();
    const { folder } = at.home;
    await Deno.mkdir(join(folder, "tokens"));
    const conf = join(folder, "softhsm2.conf");
    await Deno.writeTextFile(conf, `directories.tokendir = ${folder}/tokens\n`);
    const env = { SOFTHSM2_CONF: conf, PIN: "1234" };
    const prepare = async (program: string, ...args: string[]) => {
      const { success, stderr } = await new Deno.Command(program, { args, env }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    };
    const token = ["--free", "--label", "yourapp", "--so-pin", "12345678", "--pin", "1234"];
    await prepare("softhsm2-util", "--init-token", ...token);
    const tool = "--module /usr/lib/softhsm/libsofthsm2.so --token-label yourapp --label signing";
    const generate = `${tool} --login --pin env:PIN --keypairgen --key-type EC:prime256v1`;
    await prepare("pkcs11-tool", ...generate.split(" "));
    const program = join(folder, "sign");
    const enable = async () => {
      // As docs/keys.md has it.
      await Deno.writeTextFile(
        program,
        `#!/bin/sh
case "$1" in
  public) pkcs11-tool ${tool} --read-object --type pubkey | openssl pkey -pubin -inform DER ;;
  sign) openssl dgst -sha256 -binary | pkcs11-tool ${tool} --login --pin env:PIN --sign --mechanism ECDSA ;;
esac
`,
      );
      await Deno.chmod(program, 0o700);
    };
    await enable();
    await using server = await install({
      empty: true,
      env: { ...env, [`${brand.envPrefix}_SIGNING_KEY_COMMAND`]: program },
    });
    await server.addUser(ALICE, "--name", "Alice Example", "--admin");
    const login = await at.login(server, server.alice, { args: ["--insecure-storage"] });
    assert.equal(login.code, EXIT.ok, login.stderr);
    const first = (await at.run(["token"])).stdout.trim();
    const { kid, alg } = decodeProtectedHeader(first);
    assert.equal(alg, "ES256");
    const listed = await server.operate(["admin", "keys", "list", "--json"]);
    const keys = JSON.parse(listed.stdout);
    assert.deepEqual(keys.map((key: { kid: string; state: string }) => [key.kid, key.state]), [
      [kid, "active"],
    ]);
    const keySet = createRemoteJWKSet(new URL(`${server.issuer}/oauth/jwks`));
    await jwtVerify(first, keySet, { issuer: server.issuer });

    await Deno.writeTextFile(program, "#!/bin/sh\necho 'no token' >&2\nexit 1\n");
    await at.ageAccessTokens(600);
    const renew = () => at.run(["token", "--min-ttl", "14m"]);
    const failed = await renew();
    assert.equal(failed.stdout.trim(), first);
    assert.match(failed.stderr, /503.*still logged in/);
    await enable();
    // The server does not try the program again for a second.
    const second = await eventually("a token that the HSM signed", async () => {
      const { code, stdout } = await renew();
      return code === EXIT.ok && stdout.trim() !== first && stdout.trim();
    });
    await jwtVerify(second, keySet, { issuer: server.issuer });
  },
});
