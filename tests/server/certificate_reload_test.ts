import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCertificateReload } from "../../server/certificate_reload.ts";
import { readTlsPair } from "../../server/config/tls_pair.ts";
import { eventually } from "../support/eventually.ts";
import { manualClock } from "../support/manual_clock.ts";

const fixture = (file: string) =>
  fileURLToPath(new URL(`../support/certificate/${file}`, import.meta.url));

/** As Kubernetes mounts a secret: `current` links to a folder, which is replaced as a whole. */
async function mountedPair() {
  const folder = await Deno.makeTempDir({ prefix: "tls-" });
  let version = 0;
  const mount = async (cert: string, key: string) => {
    const name = `v${++version}`;
    await Deno.mkdir(join(folder, name));
    await Deno.writeTextFile(join(folder, name, "tls.crt"), cert);
    await Deno.writeTextFile(join(folder, name, "tls.key"), key);
    await Deno.symlink(name, join(folder, "next"));
    await Deno.rename(join(folder, "next"), join(folder, "current"));
  };
  const [certFile, keyFile] = ["tls.crt", "tls.key"].map((file) => join(folder, "current", file));
  return {
    tls: { certFile, keyFile },
    mount,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const read = (file: string) => Deno.readTextFile(fixture(file));

Deno.test("uses a pair whose files changed, and keeps the old one while it does not match", async () => {
  await using mounted = await mountedPair();
  const [first, second, key] = await Promise.all(["cert.pem", "valid.pem", "key.pem"].map(read));
  await mounted.mount(first, key);
  const clock = manualClock();
  const used: string[] = [];
  const logged: { event: string; reason?: unknown }[] = [];
  const reload = startCertificateReload(
    {
      tls: mounted.tls,
      clock,
      log: (_level, event, fields) => logged.push({ event, reason: fields?.reason }),
      listener: {
        replaceCertificate({ cert }) {
          used.push(cert);
          return Promise.resolve();
        },
      },
    },
    await readTlsPair(mounted.tls, clock),
    { checkMs: 20, secondReadMs: 20 },
  );
  const { privateKey: other } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await mounted.mount(second, other);
  await eventually("the rejection", () => logged.length > 0);
  assert.match(String(logged[0].reason), /stays in use/);
  assert.deepEqual([logged[0].event, used], ["tls_certificate_rejected", []]);
  await mounted.mount(second, key);
  await eventually("the new pair", () => used.length > 0);
  // The same pair in other files is not a change.
  await mounted.mount(second, key);
  await reload.reload();
  assert.deepEqual(used, [second]);
  assert.deepEqual(logged.map(({ event }) => event), [
    "tls_certificate_rejected",
    "tls_certificate_reloaded",
  ]);
  // Warnings begin 14 days before it expires, once a day.
  const { expiresAt } = await readTlsPair(mounted.tls, clock);
  clock.set(expiresAt.getTime() - 13 * 86_400_000);
  await eventually("a warning", () => logged.length > 2);
  assert.equal(logged[2].event, "tls_certificate");
  clock.advance({ days: 1 });
  await eventually("the next warning", () => logged.length > 3);
  await reload.stop();
  assert.equal(logged.length, 4);
});
