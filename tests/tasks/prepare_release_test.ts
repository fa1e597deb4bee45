import assert from "node:assert/strict";
import { prepareRelease } from "../../tasks/release/prepare.ts";
import { changelogSection } from "../../tasks/release/release_notes.ts";
import { version } from "../../shared/version.ts";

async function ownFiles() {
  const read = (name: string) => Deno.readTextFile(new URL(`../../${name}`, import.meta.url));
  return {
    changelog: "# Changes\n\n## Unreleased\n\n- New.\n\n## 0.0.1 - 2020-01-01\n\n- Old.\n",
    config: await read("deno.json"),
    source: await read("shared/version.ts"),
  };
}

Deno.test("gives the unreleased changes a version in all files that name it", async () => {
  const before = await ownFiles();
  const { changelog, config, source } = prepareRelease(before, "12.3.4-rc.1", "2026-01-31");
  assert.equal(changelogSection(changelog, "12.3.4-rc.1"), "- New.\n");
  assert.match(
    changelog,
    /## Unreleased\n\n## 12\.3\.4-rc\.1 - 2026-01-31\n\n- New\.\n\n## 0\.0\.1/,
  );
  assert.equal(JSON.parse(config).version, "12.3.4-rc.1");
  assert.equal(source, before.source.replace(`"${version}"`, '"12.3.4-rc.1"'));
});

Deno.test("rejects a version that exists or is none, and a release without changes", async () => {
  const files = await ownFiles();
  for (const invalid of ["", "v1.2.3", "1.2", "1.2.3+4", "0.0.1"]) {
    assert.throws(() => prepareRelease(files, invalid, "2026-01-31"), invalid);
  }
  const { changelog } = prepareRelease(files, "1.0.0", "2026-01-31");
  assert.throws(() => prepareRelease({ ...files, changelog }, "1.0.1", "2026-01-31"), /no section/);
});
