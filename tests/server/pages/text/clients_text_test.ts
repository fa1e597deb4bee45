/** The text of the pages of clients, and what they do. */
import assert from "node:assert/strict";
import { updateClient } from "../../../../server/admin/client_operations.ts";
import { DomainError } from "../../../../server/domain_error.ts";
import { findClient } from "../../../../server/store/clients.ts";
import { brand } from "../../../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../../../shared/oauth/grant_types.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { testServer } from "../../../support/test_server.ts";

const SECRET = new RegExp(`${brand.tokenPrefixes.clientSecret}[0-9A-Za-z]{40,}`);
/** Hides what is random. */
const hide = (html: string) => html.replace(new RegExp(SECRET, "g"), "SECRET");

Deno.test("the text of the pages of clients", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Put new versions into production" });
  });
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const admin = await signedIn(server);
  const golden = pageGolden();
  const client = async (id: string) => (await findClient(sql, id))!;
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${btoa(`${id}:${secret}`)}`,
  });
  const introspects = async (secret: string) =>
    (await server.post("/oauth/introspect", { token: "x" }, basic("billing", secret))).status;

  // A program.
  await golden.record("clients", "only the command line", admin.get("/admin/clients"));
  await golden.record("client_add", "which kind", admin.get("/admin/clients/add"));
  await golden.record("client_add", "a program", admin.get("/admin/clients/add?type=public"));
  const form = {
    name: "Acme CLI",
    id: "acme-cli",
    homepage: "https://acme.example/cli",
    "grant:device": "on",
    scope_limit: "selected",
    "scope:openid": "on",
    "scope:offline_access": "on",
    "scope:deploy": "on",
    "scope:nonsense": "on",
    accessTokenLifetime: "10m",
    refreshTokenIdleLifetime: "",
  };
  const wrong: Record<string, string>[] = [
    { name: "" },
    { id: "Acme" },
    { id: brand.cliClientId },
    { homepage: "javascript:alert(1)" },
    { "grant:code": "on", redirectUris: "" },
    { "grant:code": "on", redirectUris: "loopback\nhttp://acme.example/callback" },
    { "deviceFlow:same-network": "on" },
    { accessTokenLifetime: "soon" },
    { accessTokenLifetime: "2d" },
    { refreshTokenAbsoluteLifetime: "1s" },
  ];
  for (const fields of wrong) {
    const sent = admin.submit("/admin/clients/add", { ...form, ...fields });
    await golden.recordProblems("client_add", JSON.stringify(fields), sent);
    assert.equal((await sent).status, 422);
  }
  const added = await admin.submit("/admin/clients/add", form);
  assert.equal(added.location, "/admin/clients/show?client=acme-cli");
  await golden.record("client", "just added", admin.get(added.location!));
  const { grants, scopes, accessTokenLifetime, homepage } = await client("acme-cli");
  assert.deepEqual(
    { grants, scopes, accessTokenLifetime, homepage },
    {
      grants: ["device"],
      scopes: ["openid", "offline_access", "deploy"],
      accessTokenLifetime: 600,
      homepage: form.homepage,
    },
  );

  // A service, whose secret is shown once.
  await golden.record("client_add", "a service", admin.get("/admin/clients/add?type=confidential"));
  const registered = await admin.submit("/admin/clients/add", {
    name: "Billing",
    id: "billing",
    scope_limit: "all",
  });
  const [first] = SECRET.exec(registered.html)!;
  assert.equal(registered.headers.get("cache-control"), "no-store");
  await golden.record("client_secret", "added", { ...registered, html: hide(registered.html) });
  assert.equal(await introspects(first), 200);
  await golden.record("client", "a service", admin.get("/admin/clients/show?client=billing"));

  // Without an id the server chooses one, once for each form.
  await admin.get("/admin/clients/add?type=confidential");
  const hidden = Object.fromEntries(admin.hidden);
  const answers = await Promise.all(
    Array.from(
      { length: 4 },
      () => admin.submit("/admin/clients/add", { ...hidden, name: "Twice" }),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409]);
  assert.equal(answers.filter(({ html }) => SECRET.test(html)).length, 1);
  const repeated = answers.find(({ status }) => status === 409)!;
  assert.equal(repeated.error, "already_created");
  const [twice, ...more] = await sql`select id from clients where name = 'Twice'`;
  assert.deepEqual(more, []);
  assert.match(twice.id, /^client-[0-9a-f]{18}$/);
  const html = repeated.html.replaceAll(twice.id, "client-RANDOM");
  await golden.record("client_add", "submitted twice", { ...repeated, html });
  await sql`delete from clients where id = ${twice.id}`;

  // Rotation: a form rotates once.
  await admin.get("/admin/clients/show?client=acme-cli");
  assert.equal(
    (await admin.get("/admin/clients/rotate?client=acme-cli")).location,
    "/admin/clients/show?client=acme-cli",
    "a public client has no secret",
  );
  const rotate = "/admin/clients/rotate?client=billing";
  await golden.record("client_rotate", "asked", admin.get(rotate));
  const rotation = { ...Object.fromEntries(admin.hidden), overlap: "3600" };
  const refused = await admin.submit("/admin/clients/rotate", { ...rotation, overlap: "x" });
  assert.deepEqual([refused.status, refused.problems], [422, ["invalid #overlap"]]);
  const rotated = await admin.submit("/admin/clients/rotate", rotation);
  const [second] = SECRET.exec(rotated.html)!;
  await golden.record("client_secret", "rotated", { ...rotated, html: hide(rotated.html) });
  const again = await admin.submit("/admin/clients/rotate", rotation);
  assert.deepEqual([again.status, again.error], [409, "already_rotated"]);
  assert.doesNotMatch(again.html, SECRET);
  await golden.record("client_rotate", "submitted twice", again);
  assert.deepEqual([await introspects(first), await introspects(second)], [200, 200]);
  await golden.record("client_rotate", "while two secrets work", admin.get(rotate));
  await golden.record("client", "two secrets", admin.get("/admin/clients/show?client=billing"));
  server.clock.advance({ hours: 1, minutes: 1 });
  assert.deepEqual([await introspects(first), await introspects(second)], [401, 200]);

  // Editing changes only what the form changed.
  const edit = "/admin/clients/edit?client=acme-cli";
  await golden.record("client_edit", "before", admin.get(edit));
  const { id: _, ...same } = form;
  const unchanged = await admin.submit("/admin/clients/edit", same);
  assert.equal((await admin.get(unchanged.location!)).notice, "client_unchanged");
  await admin.get(edit);
  const changed = await admin.submit("/admin/clients/edit", {
    ...same,
    name: "Acme",
    homepage: "",
    "grant:code": "on",
    redirectUris: "loopback\r\nhttps://acme.example/callback",
    consent: "remember",
    "deviceFlow:fresh-sign-in": "on",
  });
  await golden.record("client", "just changed", admin.get(changed.location!));
  assert.equal((await client("acme-cli")).homepage, undefined);
  const [{ details }] = await sql`select details from audit_log where event = 'client.changed'`;
  assert.equal(details.changed, "name homepage grants redirectUris consent deviceFlow");
  for (
    const { from, to } of Object.values<{ from: unknown; to: unknown }>(JSON.parse(details.changes))
  ) {
    assert.notDeepEqual(from, to);
  }
  await admin.get(edit);
  const stale = Object.fromEntries(admin.hidden);
  await updateClient(server.parts, { id: "acme-cli", changes: { grants: [] } });
  const conflict = await admin.submit("/admin/clients/edit", { ...same, ...stale });
  assert.deepEqual([conflict.status, conflict.problems], [422, ["conflict"]]);
  await golden.recordProblems("client_edit", "changed meanwhile", Promise.resolve(conflict));
  assert.deepEqual((await client("acme-cli")).grants, [], "the form does not undo the change");
  const invalid = await admin.submit("/admin/clients/edit", { ...same, name: "" });
  assert.equal(invalid.status, 422);
  const restored = await updateClient(server.parts, {
    id: "acme-cli",
    changes: { grants: ["device", "code"] },
  });
  assert.ok(!(restored instanceof DomainError));

  // Disabling, enabling and removing say what they end.
  const bob = await addUserWithPassword(server, "bob@example.com", "Bob");
  const scope = "openid offline_access deploy";
  const program = { client_id: "acme-cli" };
  const started = await server.post("/oauth/device/authorize", { ...program, scope });
  assert.equal(await server.decide(started.body.user_code, bob.id), true);
  const { body: tokens } = await server.post("/oauth/token", {
    ...program,
    grant_type: DEVICE_CODE_GRANT,
    device_code: started.body.device_code,
  });
  await golden.record("client", "in use", admin.get("/admin/clients/show?client=acme-cli"));
  const verify = async () =>
    (await server.request("/auth/verify", {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })).status;
  assert.equal(await verify(), 200);
  for (const [id, state] of [["acme-cli", "a program"], ["billing", "a service"]]) {
    const path = `/admin/clients/disable?client=${id}`;
    await golden.record("client_access", `disable ${state}`, admin.get(path));
  }
  const builtIn = `client=${brand.cliClientId}`;
  await golden.record(
    "client_access",
    "disable the command line",
    admin.get(`/admin/clients/disable?${builtIn}`),
  );
  await admin.get("/admin/clients/disable?client=acme-cli");
  const disabled = await admin.submit("/admin/clients/disable");
  await golden.record("client", "just disabled", admin.get(disabled.location!));
  assert.equal(await verify(), 401, "at once on this replica");
  await golden.record("clients", "disabled", admin.get("/admin/clients?show=disabled"));
  await golden.record(
    "client_access",
    "enable",
    admin.get("/admin/clients/enable?client=acme-cli"),
  );
  const enabled = await admin.submit("/admin/clients/enable");
  await golden.record("client", "just enabled", admin.get(enabled.location!));
  assert.equal(await verify(), 200);
  for (const [id, state] of [["acme-cli", "a program"], ["billing", "a service"]]) {
    const path = `/admin/clients/remove?client=${id}`;
    await golden.record("client_remove", state, admin.get(path));
  }
  const command = await admin.get(`/admin/clients/remove?${builtIn}`);
  assert.equal((await admin.get(command.location!)).notice, "client_built_in");
  await admin.submit("/admin/clients/remove", { client: brand.cliClientId });
  await admin.get("/admin/clients/remove?client=acme-cli");
  assert.equal(await verify(), 200, "a question changes nothing");
  const removed = await admin.submit("/admin/clients/remove");
  await golden.record("clients", "just removed", admin.get(removed.location!));
  assert.equal(await verify(), 401, "at once on this replica");
  const gone = await golden.record(
    "client",
    "removed",
    admin.get("/admin/clients/show?client=acme-cli"),
  );
  assert.deepEqual([gone.status, gone.error], [404, "client_not_found"]);
  const twiceRemoved = await admin.submit("/admin/clients/remove", { client: "acme-cli" });
  assert.equal(twiceRemoved.status, 404);

  // The built-in command line can be narrowed.
  await golden.record("client", "built in", admin.get(`/admin/clients/show?${builtIn}`));
  await admin.get(`/admin/clients/edit?${builtIn}`);
  const narrowed = await admin.submit("/admin/clients/edit", {
    name: `${brand.productName} command line`,
    "grant:device": "on",
    "grant:code": "on",
    redirectUris: "loopback",
    "grant:exchange": "on",
    scope_limit: "selected",
    "scope:openid": "on",
  });
  await golden.record("client", "narrowed", admin.get(narrowed.location!));
  assert.deepEqual((await client(brand.cliClientId)).scopes, ["openid"]);

  // Lists.
  const names = (html: string) => [...html.matchAll(/data-client="([^"]*)"/g)].map(([, id]) => id);
  for (const number of Array.from({ length: 30 }, (_, index) => index + 10)) {
    await sql`insert into clients (id, name, is_public, grants, created_at)
      values (${`cli-${number}`}, ${`CLI ${number}`}, true, '["device"]', ${new Date(
      server.clock.now() + number,
    )})`;
  }
  const list = await admin.get("/admin/clients");
  const next = /href="([^"]*)" rel="next"/.exec(list.html)![1];
  const rest = await admin.get(next);
  assert.equal(names(list.html)[0], brand.cliClientId);
  assert.equal(new Set([...names(list.html), ...names(rest.html)]).size, 32);
  assert.deepEqual(names((await admin.get("/admin/clients?show=confidential")).html), ["billing"]);
  assert.deepEqual(names((await admin.get("/admin/clients?search=BILL")).html), ["billing"]);
  assert.equal((await admin.get("/admin/clients?page=9")).location, "/admin/clients");
  for (const odd of ["page=x", "page=-1", "show=x", "search=%00", "search=%25"]) {
    assert.equal((await admin.get(`/admin/clients?${odd}`)).status, 200, odd);
  }
  await golden.record("clients", "not found", admin.get("/admin/clients?search=nothing"));
  for (const page of ["show", "edit", "rotate", "disable", "enable", "remove"]) {
    for (const odd of ["", "?client=", "?client=%00", "?client=gone"]) {
      assert.equal((await admin.get(`/admin/clients/${page}${odd}`)).status, 404, page + odd);
    }
  }
  await sql`
    update clients set managed_by = 'file:prod', secret_managed_by = 'file:prod' where id = 'billing'`;
  const show = admin.get("/admin/clients/show?client=billing");
  await golden.record("client", "managed by a file", show);
  await admin.get("/admin/clients/rotate?client=billing");
  const managed = await admin.submit("/admin/clients/rotate", { overlap: "0" });
  assert.equal(managed.error, "managed_by_file");
  await golden.record("client_managed", "refused", managed);
  const events = await sql`
    select distinct event, actor, address from audit_log
    where event like 'client.%' and actor <> 'operator' order by event`;
  assert.deepEqual(
    events.map((event) => ({ ...event })),
    ["changed", "created", "disabled", "enabled", "removed", "secret_rotated"].map((event) => ({
      event: `client.${event}`,
      actor: alice.id,
      address: "192.0.2.1",
    })),
  );
  await golden.assert();
});
