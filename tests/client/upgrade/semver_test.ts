/** The order of versions (Semantic Versioning 2.0.0, section 11). */
import assert from "node:assert/strict";
import { compareVersions, isPrerelease, parseVersion } from "../../../client/upgrade/semver.ts";

Deno.test("orders versions as the specification does", () => {
  const ordered = [
    ...["0.9.10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"],
    ...["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"],
  ];
  for (const [index, version] of ordered.entries()) {
    for (const [otherIndex, other] of ordered.entries()) {
      const order = Math.sign(compareVersions(version, other));
      assert.equal(order, Math.sign(index - otherIndex), `${version} and ${other}`);
    }
  }
  assert.equal(compareVersions("1.0.0+a", "1.0.0+b"), 0);
});

Deno.test("knows versions and prereleases", () => {
  assert.equal(parseVersion("v1.2.3"), "1.2.3");
  for (const text of ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.3-", "../1.2.3", "1.2.3\n4"]) {
    assert.equal(parseVersion(text), undefined, text);
  }
  assert.equal(isPrerelease("1.0.0-rc.1"), true);
  assert.equal(isPrerelease("1.0.0+build-1"), false);
});
