/** sign_macos.sh, with programs in place of Apple's that record how they are called. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, run } from "../support/binary.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { writeTool, writeToolFolder } from "../support/tool_folder.ts";

const SCRIPT = fileURLToPath(
  new URL("../../tasks/release/signing/sign_macos.sh", import.meta.url),
);
const IDENTIFIER = "io.github.acme.acmectl";
const TEAM = "ABCDE12345";
const CERTIFICATE = `Developer ID Application: Acme (${TEAM})`;
const REQUIREMENT = `designated => identifier "${IDENTIFIER}" and anchor apple generic and ` +
  `certificate leaf[subject.OU] = ${TEAM}`;

interface Apple {
  certificate?: string;
  requirement?: string;
  status?: string;
}

async function sign(apple: Apple): Promise<Ended & { calls: string }> {
  const { certificate = CERTIFICATE, requirement = REQUIREMENT, status = "Accepted" } = apple;
  await using home = await temporaryHome();
  const tools = join(home.folder, "tools");
  await writeToolFolder(tools, [
    ...["bash", "mktemp", "rm", "basename", "dirname", "base64", "sed", "head", "jq"],
  ]);
  const log = `echo "$(basename "$0") $*" >> '${home.folder}/calls'`;
  await writeTool(tools, "uuidgen", "echo 1234");
  await writeTool(
    tools,
    "security",
    `${log}; case $1 in find-identity) echo '  1) AB12 "${certificate}"' ;; esac`,
  );
  await writeTool(
    tools,
    "codesign",
    `${log}; case $* in *--display*) echo '${requirement}' >&2 ;; esac`,
  );
  await writeTool(tools, "ditto", log);
  await writeTool(tools, "xcrun", `${log}; echo '{"status":"${status}"}'`);
  const bash = join(tools, "bash");
  const ended = await run([SCRIPT, IDENTIFIER, "one", "two"], {
    env: {
      PATH: tools,
      TMPDIR: home.env.TMPDIR,
      APPLE_TEAM_ID: TEAM,
      APPLE_CERTIFICATE: btoa("certificate"),
      APPLE_CERTIFICATE_PASSWORD: "password",
      APPLE_NOTARY_KEY: "key",
      APPLE_NOTARY_KEY_ID: "id",
      APPLE_NOTARY_ISSUER: "issuer",
    },
  }, bash);
  assert.deepEqual([...Deno.readDirSync(home.env.TMPDIR)], [], "keys are removed");
  return { ...ended, calls: await Deno.readTextFile(join(home.folder, "calls")) };
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "signs with the identifier, the hardened runtime and entitlements, and notarizes",
  ignore,
  async fn() {
    const { code, calls, stdout, stderr } = await sign({});
    assert.equal(code, 0, stdout + stderr);
    for (const program of ["one", "two"]) {
      assert.match(
        calls,
        new RegExp(
          `codesign --force --timestamp --options runtime --entitlements \\S+/entitlements\\.plist ` +
            `--identifier ${IDENTIFIER} --keychain \\S+ --sign .*${TEAM}\\) ${program}\n`,
        ),
      );
    }
    assert.equal(calls.match(/xcrun notarytool submit/g)?.length, 2);
    assert.match(calls, /security delete-keychain/);
  },
});

Deno.test({
  name: "fails without the team's certificate, with another requirement, or without notarization",
  ignore,
  async fn() {
    const cases: [Apple, RegExp][] = [
      [{ certificate: "Apple Development: Eve (ZZZZZ12345)" }, /not a Developer ID Application/],
      [{ certificate: "Developer ID Application: Eve (ZZZZZ12345)" }, /of team ABCDE12345/],
      [{ requirement: 'designated => cdhash H"0123"' }, /names a hash/],
      [{ requirement: 'designated => identifier "a.out" and anchor apple' }, /does not name/],
      [{ status: "Invalid" }, /did not notarize/],
    ];
    for (const [apple, message] of cases) {
      const { code, stdout } = await sign(apple);
      assert.equal(code, 1);
      assert.match(stdout, message);
    }
  },
});

Deno.test({
  name: "shellcheck has nothing to say about it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, stdout } = await run([SCRIPT], {}, "shellcheck");
    assert.equal(code, 0, stdout);
  },
});
