/** A repository's unchanging number, asked for as GitHub's and GitLab's APIs document it. */
import assert from "node:assert/strict";
import { repositoryIdLookUp } from "../../../server/federation/repository_id.ts";
import { draftRule, RuleDraftError } from "../../../server/federation/build_rule.ts";
import { machineNetwork, OutboundHttp } from "../../../server/outbound/outbound_http.ts";

Deno.test("repositories and projects are looked up where they live", async () => {
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
  const lookUp = repositoryIdLookUp(new OutboundHttp(machineNetwork({})), true);
  const enterprise = `${origin}/_services/token`;
  assert.equal(await lookUp("github-enterprise", enterprise, "acme/api"), "4711");
  assert.equal(await lookUp("gitlab-self-managed", origin, "acme/group/api"), "4711");
  assert.deepEqual(asked, ["/api/v3/repos/acme/api", "/api/v4/projects/acme%2Fgroup%2Fapi"]);
  for (const subject of ["acme/private", "acme/moved", "acme/odd"]) {
    assert.equal(await lookUp("github-enterprise", enterprise, subject), undefined, subject);
  }
  assert.equal(await lookUp("github-enterprise", "http://127.0.0.1:1/x", "acme/api"), undefined);

  const addresses: string[] = [];
  const watching = repositoryIdLookUp(
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
  await watching("github", "https://token.actions.githubusercontent.com", "acme/api");
  await watching("gitlab", "https://gitlab.com", "acme/api");
  assert.deepEqual(addresses, [
    "https://api.github.com/repos/acme/api",
    "https://gitlab.com/api/v4/projects/acme%2Fapi",
  ]);
});

Deno.test("a repository's name leads nowhere but to the repository's description", async () => {
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    const piece = new Uint8Array(64 * 1024);
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece) }));
  });
  const issuer = `http://127.0.0.1:${server.addr.port}`;
  const http = new OutboundHttp(machineNetwork({}));
  // An endless answer is cut off.
  const lookUp = repositoryIdLookUp(http, true);
  assert.equal(await lookUp("github-enterprise", issuer, "acme/api?x=#y"), undefined);
  assert.deepEqual(asked.splice(0), ["/api/v3/repos/acme/api%3Fx%3D%23y"]);
  for (const subject of ["../../latest/meta-data", "acme/..", "./acme", "acme/../../x"]) {
    const wishes = { subject, issuer, conditions: [] };
    await assert.rejects(draftRule("github-enterprise", wishes, lookUp), RuleDraftError, subject);
  }
  // Without the setting this machine is not asked at all.
  const guarded = repositoryIdLookUp(http, false);
  assert.equal(await guarded("github-enterprise", issuer, "acme/api"), undefined);
  for (const invalid of ["nonsense", "file:///etc", "javascript:1"]) {
    const wishes = { subject: "acme/api", issuer: invalid, conditions: [] };
    await assert.rejects(draftRule("github-enterprise", wishes, guarded), RuleDraftError, invalid);
  }
  assert.deepEqual(asked, []);
});
