/** `scan` on a file system with names of arbitrary bytes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { generatePersonalAccessToken } from "../../server/tokens/personal_access_token.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { temporaryHome } from "../support/temporary_home.ts";

Deno.test({
  name: "scans a file whose name is not UTF-8",
  // Other systems' file names are text.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    const token = generatePersonalAccessToken();
    const folder = join(home.folder, "scanned");
    // Beside each a name that looks the same once its bytes are replaced.
    const script = String.raw`
      set -e
      mkdir -p "$1" && cd "$1"
      bad=$(printf 'bad\377'); other=$(printf 'bad\376'); folder=$(printf 'folder\200')
      echo clean > "$(printf 'bad\357\277\275')"
      printf '\n %s\n' "$2" > "$bad"
      printf '%s' "$2" > "$other"
      mkdir -p "$folder/deep" && printf '%s' "$2" > "$folder/deep/good"
      printf '%s' "$2" > "$folder/deep/$bad"
      ln -s "$bad" "$(printf 'link\377')"
      mkdir .git && printf '%s' "$2" > ".git/$bad"
    `;
    const created = await run(["-c", script, "sh", folder, token], { env: home.env }, "sh");
    assert.equal(created.code, 0, created.stderr);
    const scanned = await run(["scan", "--json", folder], { env: home.env });
    assert.equal(scanned.code, EXIT.failure, scanned.stderr);
    const report = JSON.parse(scanned.stdout);
    const places = report.findings.map(({ path, line, column }: Record<string, string>) =>
      `${path.slice(folder.length + 1)}:${line}:${column}`
    );
    assert.deepEqual(places, [
      "bad\\xfe:1:1",
      "bad\\xff:2:2",
      "folder\\x80/deep/bad\\xff:1:1",
      "folder\\x80/deep/good:1:1",
    ]);
    assert.equal(report.files, 5);
    assert.deepEqual(report.unreadable, []);
  },
});

Deno.test({
  name: "reports what cannot be opened, with any name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    const folder = join(home.folder, "scanned");
    // A file of /proc that that even root cannot read simulates a broken disk.
    const script = String
      .raw`mkdir "$1" && printf x > "$1/$(printf 'bad\377')" && ln -s /proc/self/mem "$1/mem"`;
    assert.equal((await run(["-c", script, "sh", folder], { env: home.env }, "sh")).code, 0);
    const scanned = await run(["scan", "--json", folder, join(folder, "mem")], { env: home.env });
    assert.equal(scanned.code, EXIT.failure);
    const { files, unreadable } = JSON.parse(scanned.stdout);
    assert.equal(files, 2);
    assert.deepEqual(unreadable.map(({ path }: { path: string }) => path), [join(folder, "mem")]);
  },
});
