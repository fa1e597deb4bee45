/** A repository's number, asked for as GitHub's and GitLab's APIs document it. */
import assert from "node:assert/strict";
import { DomainError } from "../../../server/domain_error.ts";
import { buildRule } from "../../../server/federation/build_rule.ts";
import { provider, type ProviderName } from "../../../server/federation/providers.ts";
import { repositoryNumberLookUp } from "../../../server/federation/repository_number.ts";
import { machineNetwork } from "../../../server/outbound/network.ts";
import { OutboundHttp } from "../../../server/outbound/outbound_http.ts";

function apiUrl(name: ProviderName, issuer: string, subject: string): string {
  const segments = subject.split("/").map(encodeURIComponent);
  return provider(name).subject.number!.apiUrl(issuer, segments);
}

Deno.test("looks up the number of a repository or project at its provider", async () => {
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (pathname.endsWith("private")) return new Response(null, { status: 404 });
    if (pathname.endsWith("moved")) return Response.redirect("http://127.0.0.1:1/");
    if (pathname.endsWith("odd")) return Response.json({ id: "1; drop table" });
    return Response.json({ id: 4711, full_name: "acme/api" });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const lookUp = repositoryNumberLookUp(new OutboundHttp(machineNetwork({})), true);
  const enterprise = `${origin}/_services/token`;
  assert.equal(await lookUp(apiUrl("github-enterprise", enterprise, "acme/api")), "4711");
  assert.equal(await lookUp(apiUrl("gitlab-self-managed", origin, "acme/group/api")), "4711");
  assert.deepEqual(asked, ["/api/v3/repos/acme/api", "/api/v4/projects/acme%2Fgroup%2Fapi"]);
  for (const subject of ["acme/private", "acme/moved", "acme/odd"]) {
    assert.equal(
      await lookUp(apiUrl("github-enterprise", enterprise, subject)),
      undefined,
      subject,
    );
  }
  assert.equal(
    await lookUp(apiUrl("github-enterprise", "http://127.0.0.1:1/x", "acme/api")),
    undefined,
  );

  const addresses: string[] = [];
  const watching = repositoryNumberLookUp(
    new OutboundHttp({
      env: {},
      resolve: () => Promise.resolve(["93.184.215.14"]),
      send(url) {
        addresses.push(String(url));
        const body = new TextEncoder().encode('{"id":1}');
        return Promise.resolve({ status: 200, headers: new Headers(), body });
      },
    }),
    false,
  );
  await watching(apiUrl("github", "https://token.actions.githubusercontent.com", "acme/api"));
  await watching(apiUrl("gitlab", "https://gitlab.com", "acme/api"));
  assert.deepEqual(addresses, [
    "https://api.github.com/repos/acme/api",
    "https://gitlab.com/api/v4/projects/acme%2Fapi",
  ]);
});

Deno.test("a repository's name reaches no address but that of its description", async () => {
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    const piece = new Uint8Array(64 * 1024);
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece) }));
  });
  const issuer = `http://127.0.0.1:${server.addr.port}`;
  const http = new OutboundHttp(machineNetwork({}));
  // An endless answer is cut off.
  const lookUp = repositoryNumberLookUp(http, true);
  assert.equal(await lookUp(apiUrl("github-enterprise", issuer, "acme/api?x=#y")), undefined);
  assert.deepEqual(asked.splice(0), ["/api/v3/repos/acme/api%3Fx%3D%23y"]);
  for (const subject of ["../../latest/meta-data", "acme/..", "./acme", "acme/../../x"]) {
    const options = { subject, issuer, conditions: [] };
    const rule = await buildRule("github-enterprise", options, lookUp);
    assert.ok(rule instanceof DomainError && rule.field === "subject", subject);
  }
  // Without the setting this machine is not asked at all.
  const guarded = repositoryNumberLookUp(http, false);
  assert.equal(await guarded(apiUrl("github-enterprise", issuer, "acme/api")), undefined);
  for (const invalid of ["nonsense", "file:///etc", "javascript:1"]) {
    const options = { subject: "acme/api", issuer: invalid, conditions: [] };
    const rule = await buildRule("github-enterprise", options, guarded);
    assert.ok(rule instanceof DomainError && rule.field === "issuer", invalid);
  }
  assert.deepEqual(asked, []);
});
