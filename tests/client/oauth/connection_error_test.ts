/** Invariant: a request without an answer is classified by the step that failed, each with its own remedy. */
import assert from "node:assert/strict";
import { discover } from "../../../client/oauth/discovery.ts";
import { NoResponseError } from "../../../client/oauth/no_response_error.ts";
import {
  CA_FILE_VARIABLE,
  CertificateAuthorityError,
} from "../../../shared/certificate_authorities.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { memoryIo } from "../../support/fake_client_io.ts";

const file = (name: string) =>
  Deno.readTextFileSync(new URL(`../../support/certificate/${name}.pem`, import.meta.url));

/** The failure of a request to `server`; it must be one that leaves a valid token usable. */
async function failure(
  server: string,
  fetch: typeof globalThis.fetch = globalThis.fetch,
  env: Record<string, string> = {},
): Promise<NoResponseError> {
  const error = await discover(server, memoryIo({ fetch, env })).then(() => {}, (error) => error);
  assert.ok(error instanceof NoResponseError, String(error));
  return error;
}

/** fetch that trusts the authority of the tests, as a CA file makes it. */
function trustingFetch(client: Deno.HttpClient): typeof globalThis.fetch {
  return (input, init) => globalThis.fetch(input, { ...init, client });
}

/** fetch that fails as Deno's does: before 2.9 with the message itself, later with it in the cause. */
function failingFetch(step: string, url = "https://auth.example.com/"): typeof globalThis.fetch {
  const message = `error sending request for url (${url}): client error ${step}`;
  let calls = 0;
  return () =>
    Promise.reject(
      calls++ % 2 === 0
        ? new TypeError(message)
        : new TypeError("fetch failed", { cause: new Error(message) }),
    );
}

Deno.test("reports expired, not yet valid, wrong name and unknown issuer by different messages", async () => {
  using client = Deno.createHttpClient({ caCerts: [file("authority")] });
  const certificates: [string, RegExp][] = [
    ["expired", /has expired \(2021-01-01\)\. This machine's clock says .* renew/],
    ["not_yet_valid", /is not valid yet \(before 2118-01-01\)\. This machine's clock says /],
    ["wrong_name", /is not valid for 127\.0\.0\.1, only for other\.example\. Check the address/],
    ["cert", /its issuer is unknown\. .*_CA_FILE .* trusted certificates/],
  ];
  const requests: string[] = [];
  for (const [name, message] of certificates) {
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: file(name),
      key: file("key"),
      onListen() {},
    }, (request) => {
      requests.push(request.url);
      return Response.json({});
    });
    const address = `https://127.0.0.1:${server.addr.port}`;
    const error = await failure(address, trustingFetch(client));
    assert.equal(error.exitCode, EXIT.failure, name);
    assert.match(error.message, message);
  }
  assert.deepEqual(requests, []);
});

Deno.test("reports the certificate of an authority without the message of the library", async () => {
  const error = await failure(
    "https://auth.example.com",
    failingFetch("(Connect): invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))"),
  );
  assert.equal(error.exitCode, EXIT.failure);
  assert.match(error.message, /\(CA:TRUE\)/);
  assert.doesNotMatch(error.message, /OtherError|CaUsedAsEndEntity/);
});

Deno.test("reports https to an http port, and http to an https port, as wrong addresses", async () => {
  await using plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(),
  );
  await using secure = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: file("valid"),
    key: file("key"),
    onListen() {},
  }, () => new Response());
  const [httpsToHttp, httpToHttps] = [
    await failure(`https://127.0.0.1:${plain.addr.port}`),
    await failure(`http://127.0.0.1:${secure.addr.port}`),
  ];
  assert.deepEqual([httpsToHttp.exitCode, httpToHttps.exitCode], [EXIT.failure, EXIT.failure]);
  assert.ok(httpsToHttp.message.includes(` http://127.0.0.1:${plain.addr.port}.`));
  assert.ok(httpToHttps.message.includes(` https://127.0.0.1:${secure.addr.port}.`));
});

Deno.test("reports a refused and a lost connection as temporary", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = listener.addr.port;
  const closing = (async () => {
    for await (const connection of listener) connection.close();
  })();
  for (const scheme of ["http", "https"]) {
    const broken = await failure(`${scheme}://127.0.0.1:${port}`);
    assert.equal(broken.exitCode, EXIT.temporaryFailure, broken.message);
  }
  listener.close();
  await closing;
  const refused = await failure(`http://127.0.0.1:${port}`);
  assert.equal(refused.exitCode, EXIT.temporaryFailure);
  assert.match(refused.message, /connection refused/);
});

Deno.test("maps each failing step to its exit code, on every system and in every language", async () => {
  const { failure: permanent, temporaryFailure: temporary } = EXIT;
  const lookup = "(Connect): dns error: failed to lookup address information: ";
  const connect = "(Connect): tcp connect error: ";
  const certificate = "(Connect): invalid peer certificate: ";
  const steps: [string, number][] = [
    [`${lookup}Name or service not known`, permanent],
    [`${lookup}No address associated with hostname`, permanent],
    [`${lookup}Name does not resolve`, permanent],
    [`${lookup}nodename nor servname provided, or not known`, permanent],
    [`(Connect): dns error: Der angegebene Host ist unbekannt. (os error 11001)`, permanent],
    ["(Connect): invalid dns name", permanent],
    [`${lookup}Temporary failure in name resolution`, temporary],
    [`(Connect): dns error: Dies ist normalerweise ein Fehler. (os error 11002)`, temporary],
    [`${connect}Connection refused (os error 111)`, temporary],
    [`${connect}Es konnte keine Verbindung hergestellt werden. (os error 10061)`, temporary],
    [`${connect}Network is unreachable (os error 101)`, temporary],
    ["(Connect): tls handshake eof", temporary],
    ["(Connect): proxy authentication required", temporary],
    ["(Connect): received corrupt message of type InvalidContentType", permanent],
    ["(Connect): received fatal alert: HandshakeFailure", permanent],
    ["(Connect): received fatal alert: InternalError", temporary],
    ["(Connect): peer is incompatible: NoCipherSuitesInCommon", permanent],
    [`${certificate}Expired`, permanent],
    [`${certificate}NotValidYet`, permanent],
    [`${certificate}NotValidForName`, permanent],
    [`${certificate}CaUsedAsEndEntity`, permanent],
    ["(SendRequest): invalid HTTP version parsed", permanent],
    ["(SendRequest): connection closed before message completed", temporary],
    ["(SendRequest): connection error: Connection reset by peer (os error 104)", temporary],
  ];
  for (const [step, exitCode] of steps) {
    const fetch = failingFetch(step);
    for (const place of ["message", "cause"]) {
      const error = await failure("https://auth.example.com", fetch);
      assert.equal(error.exitCode, exitCode, `${place}: ${error.message}`);
    }
  }
});

Deno.test("ignores the address in the message of fetch", async () => {
  for (const name of ["certificate", "dns-error", "unknownissuer", "closed"]) {
    const url = `https://${name}.example.com/`;
    const refused = failingFetch("(Connect): tcp connect error: refused (os error 111)", url);
    const error = await failure(`https://${name}.example.com`, refused);
    assert.match(error.message, /: connection refused\./);
  }
});

Deno.test("sanitizes the names in a certificate, and limits their number", async () => {
  const names = ["a\u001b[31m.example", ...Array(50).fill("b.example")]
    .map((name) => `DnsName("${name}")`).join(", ");
  const error = await failure(
    "https://auth.example.com",
    failingFetch(
      `(Connect): invalid peer certificate: certificate not valid for name "auth.example.com"; ` +
        `certificate is only valid for ${names}`,
    ),
  );
  assert.ok(!error.message.includes("\u001b") && error.message.length < 400, error.message);
});

Deno.test("names the proxy in the message", async () => {
  const refused = failingFetch("(Connect): tcp connect error: refused (os error 111)");
  const env = { https_proxy: "http://proxy.example.com:3128" };
  assert.match((await failure("https://auth.example.com", refused, env)).message, /https_proxy/);
});

Deno.test("reports certificate authorities that cannot be read as a wrong setting", async () => {
  const message = `${CA_FILE_VARIABLE}: /nowhere.pem does not exist.`;
  const error = await failure(
    "https://auth.example.com",
    () => Promise.reject(new CertificateAuthorityError(message)),
  );
  assert.equal(error.exitCode, EXIT.failure);
  assert.equal(error.message, message);
});
