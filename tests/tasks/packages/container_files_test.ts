/** What the image of another brand is built from. tests/e2e/packages_test.ts builds it. */
import assert from "node:assert/strict";
import { containerFiles } from "../../../tasks/packages/container/container_files.ts";
import { describeProduct } from "../../../tasks/packages/description.ts";
import { assertGolden } from "../../support/golden.ts";
import { linuxArchive } from "../../support/release_archive.ts";
import { acme } from "../../support/release_server.ts";

const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

Deno.test("an image is built from the programs of a release, for each processor", async () => {
  const archives = new Map(
    [...TARGETS, "x86_64-apple-darwin"].map((target) => [
      target,
      linuxArchive(acme.binaryName, "1.2.3", target).map((file) => ({
        ...file,
        name: file.name.slice(file.name.indexOf("/") + 1),
      })),
    ]),
  );
  const [containerfile, ...files] = await containerFiles(describeProduct(acme, "1.2.3"), archives);
  const list = files.map(({ name, executable }) => `${executable ? "x" : "-"} ${name}`);
  assert.deepEqual(list, [
    "x linux/amd64/acmectl",
    "- linux/amd64/LICENSE",
    "- linux/amd64/THIRD_PARTY_NOTICES",
    "x linux/arm64/acmectl",
    "- linux/arm64/LICENSE",
    "- linux/arm64/THIRD_PARTY_NOTICES",
  ]);
  await assertGolden("packages/Containerfile", new TextDecoder().decode(containerfile.content));
});
