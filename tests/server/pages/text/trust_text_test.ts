/** The text of the pages of trust rules. */
import { addServiceAccount } from "../../../../server/admin/service_account_operations.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { testServer } from "../../../support/test_server.ts";

const FORM = {
  provider: "github",
  subject: "acme/api",
  repository_id: "74",
  branch: "main",
  scope: "deploy",
  name: "new",
};
const GENERIC = {
  provider: "generic",
  subject: "job",
  issuer: "https://ci.example.test",
  scope: "deploy",
};

/** Mistakes that only the use case and the page find: those of a rule are in rule_errors.txt. */
const MISTAKES: [state: string, fields: Record<string, string>][] = [
  ["no provider", { ...FORM, provider: "" }],
  ["invalid lifetime", { ...FORM, lifetime: "soon" }],
  ["lifetime too long", { ...FORM, lifetime: "2d" }],
  ["no branch", { ...FORM, branch: "" }],
  ["no scope", { ...FORM, scope: "" }],
  ["unknown scope", { ...FORM, scope: "destroy" }],
  ["unknown service account", { ...FORM, account: "nobody" }],
  ["invalid date", { ...FORM, until: "never" }],
  ["date in the past", { ...FORM, until: "2020-01-31" }],
  ["invalid name", { ...FORM, name: "no spaces" }],
  ["name of a rule", { ...GENERIC, name: "ci" }],
  ["name of a service account", { ...GENERIC, name: "deployer" }],
];

Deno.test("the text of the pages of trust rules", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy" });
  });
  const { id } = await addUserWithPassword(server);
  await server.parts.sql`update users set is_admin = true where id = ${id}`;
  await addServiceAccount(server.parts, { name: "deployer", scope: "deploy" });
  const golden = pageGolden();
  const browser = await signedIn(server);
  await golden.record("trust", "no rules", browser.get("/admin/trust"));
  await browser.submit("/admin/trust", { ...GENERIC, name: "ci", until: "2027-01-31" });
  await golden.record("trust", "rule added", browser.get("/admin/trust"));
  for (const [state, fields] of MISTAKES) {
    await browser.get("/admin/trust");
    await golden.recordProblems("trust", state, browser.submit("/admin/trust", fields));
  }
  await golden.record("trust_remove", "question", browser.get("/admin/trust/remove?name=ci"));
  await browser.submit("/admin/trust/remove");
  const notice = async (state: string) => {
    const page = await browser.get("/admin/trust");
    const [html] = /<div[^>]*class="notice"[^]*?<\/div>/.exec(page.html)!;
    await golden.record("trust_remove", state, { ...page, html });
  };
  await browser.get("/admin/trust");
  const event = browser.hidden.get("event")!;
  for (const state of ["restored", "restored twice"]) {
    await browser.submit("/admin/trust/restore", { event });
    await notice(state);
  }
  await golden.assert();
});
