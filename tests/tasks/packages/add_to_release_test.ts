import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKSUMS_FILE } from "../../../shared/release.ts";
import { addToRelease } from "../../../tasks/packages/add_to_release.ts";
import { codeIdentifier } from "../../../tasks/release/compile_programs.ts";
import { acme, sha256 } from "../../support/release_server.ts";

Deno.test("installers become files of the release, with checksums; manifests do not", async () => {
  const work = await Deno.makeTempDir({ prefix: "release-" });
  try {
    const packages = join(work, "packages");
    const release = join(work, "release");
    await Deno.mkdir(join(packages, "scoop"), { recursive: true });
    await Deno.mkdir(release);
    const paths = ["install.sh", "install.ps1", "scoop/acmectl.json"];
    for (const path of paths) await Deno.writeTextFile(join(packages, path), path);
    const archive = `${"a".repeat(64)}  z.tar.gz\n`;
    await Deno.writeTextFile(join(release, CHECKSUMS_FILE), archive);
    const added = await addToRelease(packages, paths, release);
    assert.deepEqual(added, [join(release, "install.sh"), join(release, "install.ps1")]);
    const sum = (text: string) => sha256(new TextEncoder().encode(text));
    assert.equal(
      await Deno.readTextFile(join(release, CHECKSUMS_FILE)),
      `${sum("install.ps1")}  install.ps1\n${sum("install.sh")}  install.sh\n${archive}`,
    );
    // A second run changes nothing.
    const before = await Deno.readTextFile(join(release, CHECKSUMS_FILE));
    await addToRelease(packages, paths, release);
    assert.equal(await Deno.readTextFile(join(release, CHECKSUMS_FILE)), before);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
});

Deno.test("the identifier for macOS depends only on names that do not change", () => {
  const { binaryName, release } = acme;
  assert.equal(codeIdentifier({ binaryName, release }), "io.github.acme.acmectl");
});
