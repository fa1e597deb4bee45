import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTlsPair, TlsPairError } from "../../../server/config/tls_pair.ts";

const fixture = (file: string) =>
  fileURLToPath(new URL(`../../support/certificate/${file}`, import.meta.url));
const CERT = fixture("cert.pem");
const KEY = fixture("key.pem");
const now = { now: () => Date.now() };

Deno.test("rejects a certificate and a key that cannot serve, naming setting and file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const other = join(folder, "other.pem");
    const empty = join(folder, "empty.pem");
    const missing = join(folder, "missing.pem");
    await Deno.writeTextFile(other, privateKey);
    await Deno.writeTextFile(empty, "");
    for (
      const [certFile, keyFile, setting, file] of [
        [missing, KEY, "tls_cert", missing],
        [CERT, missing, "tls_key", missing],
        [folder, KEY, "tls_cert", folder],
        [KEY, KEY, "tls_cert", KEY],
        [empty, KEY, "tls_cert", empty],
        [CERT, CERT, "tls_key", CERT],
        [CERT, empty, "tls_key", empty],
        [CERT, other, "tls_key", other],
      ]
    ) {
      await assert.rejects(readTlsPair({ certFile, keyFile }, now), (error) => {
        assert.ok(error instanceof TlsPairError);
        assert.ok(error.message.startsWith(`${setting}: ${file} `), error.message);
        return true;
      });
    }
    const { cert, key, warning } = await readTlsPair({ certFile: CERT, keyFile: KEY }, now);
    assert.match(cert, /CERTIFICATE/);
    assert.match(key, /PRIVATE KEY/);
    assert.equal(warning, undefined);
    // Certificate and key in one file, the key first.
    const both = join(folder, "both.pem");
    await Deno.writeTextFile(both, key + cert);
    assert.equal((await readTlsPair({ certFile: both, keyFile: both }, now)).warning, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("warns of a certificate that has expired or is not valid yet", async () => {
  const at = async (time: string) =>
    (await readTlsPair({ certFile: CERT, keyFile: KEY }, { now: () => Date.parse(time) })).warning;
  assert.equal((await at("2199-01-01"))?.subject, "tls_cert");
  assert.match((await at("2199-01-01"))?.message ?? "", / expired on /);
  assert.equal((await at("1999-01-01"))?.subject, "tls_cert");
  assert.match((await at("1999-01-01"))?.message ?? "", / is not valid before /);
});
