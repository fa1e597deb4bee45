/** The text of the pages of trust rules. */
import { addServiceAccount } from "../../../../server/admin/service_account_operations.ts";
import { providers } from "../../../../server/federation/providers.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { ISSUER, testServer } from "../../../support/test_server.ts";

/** What each step of adding a rule enters. */
const WORKLOAD = {
  step: "workload",
  provider: "github",
  subject: "acme/api",
  workflow: "deploy.yml",
  branch: "main",
};
const GENERIC = {
  step: "workload",
  provider: "generic",
  subject: "job",
  issuer: "https://ci.example.test",
};
const PERMISSIONS = { step: "permissions", scopes: "1", "scope:deploy": "on" };

/** Mistakes that only the use case and the page find: those of a rule are in rule_errors.txt. */
const MISTAKES: [state: string, fields: Record<string, string>][] = [
  ["no provider", { step: "provider" }],
  ["condition on sub", { ...WORKLOAD, conditions: "sub=repo:acme/api:ref:refs/heads/main" }],
  ["wrong number", { ...WORKLOAD, repository_id: "75" }],
  ["path of a workflow", { ...WORKLOAD, workflow: ".github/workflows/deploy.yml" }],
  ["no scope", { ...GENERIC, ...PERMISSIONS, "scope:deploy": "" }],
  ["lifetime too long", { ...GENERIC, ...PERMISSIONS, lifetime: "7200" }],
  ["unknown service account", { ...GENERIC, ...PERMISSIONS, account: "nobody" }],
  ["invalid date", { ...GENERIC, ...PERMISSIONS, until: "never" }],
  ["date in the past", { ...GENERIC, ...PERMISSIONS, until: "2020-01-31" }],
  ["invalid name", { ...GENERIC, ...PERMISSIONS, name: "no spaces" }],
  ["name of a rule", { ...GENERIC, ...PERMISSIONS, name: "ci" }],
  ["name of a service account", { ...GENERIC, ...PERMISSIONS, name: "deployer" }],
  ["no token", { ...GENERIC, step: "test", scope: "deploy", do: "test" }],
  ["our own token", { ...GENERIC, step: "test", scope: "deploy", do: "test", token: "bst_x" }],
  ["no JSON Web Token", { ...GENERIC, step: "test", scope: "deploy", do: "test", token: "x" }],
  ["risks", { ...WORKLOAD, branch: "", step: "test", scope: "deploy", do: "save" }],
];

Deno.test("the text of the pages of trust rules", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy" });
    config.scopes.push({ name: "read", description: "Read" });
  });
  const { sql } = server.parts;
  // GitHub has one public repository, and no other server answers.
  server.outgoing = (url) =>
    Promise.resolve(
      String(url).endsWith("/repos/acme/api")
        ? Response.json({ id: 74 })
        : new Response(null, { status: 404 }),
    );
  const { id } = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${id}`;
  await addServiceAccount(server.parts, { name: "deployer", scope: "deploy" });
  const golden = pageGolden();
  const browser = await signedIn(server);
  const submit = async (path: string, fields: Record<string, string>) => {
    const answer = await browser.submit(path, fields);
    return answer.status === 303 ? await browser.get(answer.location!) : answer;
  };
  await golden.record("trust", "no rules", browser.get("/admin/trust"));
  const add = "/admin/trust/add";
  await golden.record("trust_add", "provider", browser.get(add));
  for (const { name } of providers) {
    await golden.record("trust_add", `${name}: workload`, browser.get(`${add}?provider=${name}`));
  }
  await browser.get(`${add}?provider=github`);
  await golden.record("trust_add", "permissions", submit(add, WORKLOAD));
  const permissions = { ...PERMISSIONS, until: "2027-01-31" };
  await golden.record("trust_add", "test", submit(add, permissions));
  await golden.record("trust_add", "unreachable issuer", submit(add, { do: "test", token: TOKEN }));
  await golden.record("trust", "rule added", submit(add, { do: "save" }));

  await browser.get(`${add}?provider=github`);
  await submit(add, { ...WORKLOAD, branch: "", workflow: "" });
  await golden.record("trust_add", "test of a rule with risks", submit(add, PERMISSIONS));
  await browser.get(`${add}?provider=generic`);
  await submit(add, GENERIC);
  await submit(add, { ...PERMISSIONS, name: "ci", account: "deployer" });
  await submit(add, { do: "save" });
  for (const [state, fields] of MISTAKES) {
    await browser.get(add);
    await golden.recordProblems("trust_add", state, submit(add, fields));
  }

  const edit = "/admin/trust/edit";
  const name = "github:acme/api:main";
  await golden.record("trust_edit", "workload", browser.get(`${edit}?rule=${name}`));
  await golden.record(
    "trust_edit",
    "permissions",
    submit(edit, { ...WORKLOAD, branch: "release" }),
  );
  const scopes = { ...PERMISSIONS, "scope:read": "on" };
  await golden.record("trust_edit", "more scopes", submit(edit, scopes));
  await golden.record("trust_edit", "changed", submit(edit, { do: "save" }));

  for (const path of ["disable", "enable"]) {
    await golden.record("trust_disable", path, browser.get(`/admin/trust/${path}?name=ci`));
    await golden.record("trust_disable", `${path}d`, submit(`/admin/trust/${path}`, {}));
  }
  server.clock.advance({ days: 100 });
  const later = await signedIn(server);
  await golden.record("trust", "expired", later.get("/admin/trust"));

  await golden.record("trust_remove", "question", later.get("/admin/trust/remove?name=ci"));
  await later.submit("/admin/trust/remove");
  const notice = async (state: string) => {
    const page = await later.get("/admin/trust");
    const [html] = /<div[^>]*class="notice[^]*?<\/div>/.exec(page.html)!;
    await golden.record("trust_remove", state, { ...page, html });
  };
  await later.get("/admin/trust");
  const event = later.hidden.get("event")!;
  for (const state of ["restored", "restored twice"]) {
    await later.submit("/admin/trust/restore", { event });
    await notice(state);
  }
  await golden.assert();
});

/** Of GitHub's issuer, by its form; its keys cannot be fetched. */
const TOKEN = [
  { alg: "RS256", kid: "1" },
  { iss: "https://token.actions.githubusercontent.com", sub: "x", aud: ISSUER },
].map((part) => btoa(JSON.stringify(part)).replace(/=+$/, "")).join(".") + ".c2ln";
