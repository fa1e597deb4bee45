/** Which certificate authorities a process trusts, by its environment. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  CertificateAuthorityError,
  findAuthorities,
} from "../../shared/certificate_authorities.ts";

const path = (name: string) =>
  fileURLToPath(new URL(`../support/certificate/${name}.pem`, import.meta.url));

Deno.test("SSL_CERT_FILE replaces the bundle of Linux, and adds to the stores of other systems", () => {
  const env = { SSL_CERT_FILE: path("authority") };
  const linux = findAuthorities({ env, os: "linux" });
  assert.equal(linux.systemFile, path("authority"));
  assert.deepEqual(linux.added, []);
  for (const os of ["darwin", "windows"]) {
    const { systemFile, added } = findAuthorities({ env, os });
    assert.equal(systemFile, undefined);
    assert.deepEqual(added.map((file) => file.path), [path("authority")]);
  }
});

Deno.test("adds the certificates of SSL_CERT_DIR, and reports folders that are missing", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.copyFile(path("authority"), `${folder}/company.crt`);
  await Deno.writeTextFile(`${folder}/README`, "not a certificate");
  const authorities = findAuthorities({
    env: { SSL_CERT_DIR: `${folder}:/nonexistent` },
    os: "linux",
  });
  assert.equal(authorities.added.length, 1);
  assert.match(
    authorities.added[0].pem,
    /^-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----$/,
  );
  assert.deepEqual(authorities.settings.map(({ path, ignored }) => [path, ignored]), [
    [folder, undefined],
    ["/nonexistent", "missing"],
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("rejects a CA file with a damaged certificate", async () => {
  const file = await Deno.makeTempFile();
  const pem = await Deno.readTextFile(path("authority"));
  for (const text of [pem.replace(/\n.{8}/, "\n"), pem.replace(/\n..../, "\n####"), ""]) {
    await Deno.writeTextFile(file, text);
    assert.throws(
      () => findAuthorities({ env: {}, os: "linux", caFile: file, caFileSetting: "ca_file" }),
      (error) =>
        error instanceof CertificateAuthorityError && error.message.startsWith("ca_file: "),
    );
  }
  await Deno.remove(file);
});
