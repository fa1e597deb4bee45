/** A repository's unchanging number, asked for as GitHub's and GitLab's APIs document it. */
import assert from "node:assert/strict";
import { repositoryIdLookUp } from "../../server/federation/repository_id.ts";

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
  const lookUp = repositoryIdLookUp(fetch);
  const enterprise = `${origin}/_services/token`;
  assert.equal(await lookUp("github-enterprise", enterprise, "acme/api"), "4711");
  assert.equal(await lookUp("gitlab-self-managed", origin, "acme/group/api"), "4711");
  assert.deepEqual(asked, ["/api/v3/repos/acme/api", "/api/v4/projects/acme%2Fgroup%2Fapi"]);
  for (const subject of ["acme/private", "acme/moved", "acme/odd"]) {
    assert.equal(await lookUp("github-enterprise", enterprise, subject), undefined, subject);
  }
  assert.equal(await lookUp("github-enterprise", "http://127.0.0.1:1/x", "acme/api"), undefined);

  const addresses: string[] = [];
  const watching = repositoryIdLookUp((address) => {
    addresses.push(String(address));
    return Promise.resolve(Response.json({ id: 1 }));
  });
  await watching("github", "https://token.actions.githubusercontent.com", "acme/api");
  await watching("gitlab", "https://gitlab.com", "acme/api");
  assert.deepEqual(addresses, [
    "https://api.github.com/repos/acme/api",
    "https://gitlab.com/api/v4/projects/acme%2Fapi",
  ]);
});
