/** Invariants: `database_url` means what libpq takes it to mean, and no message repeats a password. */
import assert from "node:assert/strict";
import {
  describePostgres,
  displayPostgresUrl,
  parsePostgresUrl,
  PostgresUrlError,
} from "../../../server/store/db/postgres_url.ts";

Deno.test("parses a URL as libpq does", () => {
  const hosts = (url: string) =>
    parsePostgresUrl(url).hosts.map(({ host, port }) => `${host} ${port}`);
  assert.deepEqual(hosts("postgres://h/d"), ["h 5432"]);
  assert.deepEqual(hosts("postgresql://a:1,b,[::1]:3/d"), ["a 1", "b 5432", "::1 3"]);
  assert.deepEqual(hosts("postgres:///d?host=/run/postgresql"), ["/run/postgresql 5432"]);
  assert.deepEqual(hosts("postgres://%2Frun%2Fpostgresql:6/d"), ["/run/postgresql 6"]);
  assert.deepEqual(hosts("postgres:///d?host=a,b&port=7,8"), ["a 7", "b 8"]);
  assert.deepEqual(hosts("postgres:///d?host=a,b&port=7"), ["a 7", "b 7"]);
  assert.deepEqual(hosts("postgres://"), ["localhost 5432"]);

  const full = parsePostgresUrl(
    "postgres://us%40er:p%23a%2Fs%3Fs%25%3A%40@h/d%2Fb?sslmode=verify-full&connect_timeout=3" +
      "&target_session_attrs=primary&application_name=x&keepalives=1",
  );
  assert.deepEqual([full.user, full.password, full.database], ["us@er", "p#a/s?s%:@", "d/b"]);
  assert.equal(full.tls.mode, "verify-full");
  assert.equal(full.connectTimeout, 3);
  assert.equal(full.targetSession, "primary");
  assert.deepEqual(full.parameters, { application_name: "x" });
  assert.equal(describePostgres(full), "PostgreSQL at h:5432/d/b");

  // libpq: an authority makes require check the certificate.
  assert.equal(
    parsePostgresUrl("postgres://h?sslmode=require&sslrootcert=a").tls.mode,
    "verify-ca",
  );
  assert.equal(parsePostgresUrl("postgres://h").targetSession, "read-write");
  // An @ in the password is unambiguous.
  assert.equal(parsePostgresUrl("postgres://u:p@ss@h/d").password, "p@ss");
});

Deno.test("rejects an invalid URL without repeating any part of it", () => {
  const SECRET = "s3cr3t";
  const urls = [
    ...["#", "/", "?", "%", "%zz", "?x=", "/1?", " ", "\t"]
      .flatMap((special) => [
        `postgres://u:${SECRET}${special}${SECRET}@h/d`,
        // What comes before could be a host and port.
        `postgres://u:12${special}${SECRET}@h/d`,
      ]),
    `postgres://u:${SECRET}`,
    `postgres://u:x@h:${SECRET}/d`,
    `postgres://u:x@h/d?${SECRET}=1`,
    `postgres://u:x@h/d?sslmode=${SECRET}`,
    `postgres://u:x@h/d?target_session_attrs=${SECRET}`,
    `postgres://u:x@h/d?target_session_attrs=standby`,
    `postgres://u:x@h/d?connect_timeout=${SECRET}`,
    `postgres://u:x@h/d?channel_binding=require`,
    `postgres://u:x@h:99999/d`,
    `postgres://u:%ff@h/d`,
    `mysql://u:${SECRET}@h/d`,
    SECRET,
  ];
  for (const url of urls) {
    assert.throws(() => parsePostgresUrl(url), (error) => {
      assert.ok(error instanceof PostgresUrlError, `${url}: ${error}`);
      assert.ok(!error.message.includes(SECRET), `${url}: ${error.message}`);
      return true;
    }, url);
  }
  const displayed = displayPostgresUrl(
    `postgres://u:${SECRET}@${SECRET}@h/d?password=${SECRET}&sslmode=require`,
  );
  assert.ok(!displayed.includes(SECRET), displayed);
});
