import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import {
  archiveName,
  latestFileUrl,
  programInArchive,
  releaseFileUrl,
} from "../../shared/release.ts";

const { binaryName } = brand;

Deno.test("names archives by version and target, zip for Windows", () => {
  assert.equal(
    archiveName("1.2.3", "aarch64-apple-darwin"),
    `${binaryName}-1.2.3-aarch64-apple-darwin.tar.gz`,
  );
  assert.equal(
    archiveName("1.2.3", "x86_64-pc-windows-msvc"),
    `${binaryName}-1.2.3-x86_64-pc-windows-msvc.zip`,
  );
});

Deno.test("names the program in an archive", () => {
  assert.equal(
    programInArchive("1.2.3", "x86_64-pc-windows-msvc"),
    `${binaryName}-1.2.3-x86_64-pc-windows-msvc/${binaryName}.exe`,
  );
});

Deno.test("finds files of a version and of the newest one, with and without a final slash", () => {
  for (const base of ["https://example.com/releases", "https://example.com/releases/"]) {
    assert.equal(
      releaseFileUrl(base, "1.2.3", "SHA256SUMS"),
      "https://example.com/releases/download/v1.2.3/SHA256SUMS",
    );
    assert.equal(
      latestFileUrl(base, "SHA256SUMS"),
      "https://example.com/releases/latest/download/SHA256SUMS",
    );
  }
});
