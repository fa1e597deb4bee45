/** The e-mails to the owners of tokens, received by a real mail server. */
import assert from "node:assert/strict";
import { sendExpiryReminders } from "../../../server/pats/expiry_reminders.ts";
import { reportLeakedTokens } from "../../../server/pats/report_leak.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { type MailServer, startMailServer } from "../../support/mail_server.ts";
import { call, createPat, describeScopes } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

const withMail = ({ port }: MailServer) => (config: Parameters<typeof describeScopes>[0]) => {
  describeScopes(config);
  config.mail = { url: `smtp://127.0.0.1:${port}`, from: "Example <auth@example.test>" };
};

testOnEachDatabase(
  "sends a reminder of a token that expires soon and was not rotated",
  async (location) => {
    await using mail = await startMailServer();
    await using server = await testServer(location, withMail(mail));
    const alice = await addPerson(server);
    const created = await createPat(server, alice, { name: "deploy π", expires_in: 6 * 86_400 });
    const old = await createPat(server, alice, { name: "old", expires_in: 20 * 86_400 });
    const path = `/api/v1/tokens/${old.id}/rotate`;
    const rotated = await call(server, alice.management, "POST", path, { overlap: 6 * 86_400 });
    assert.equal(rotated.status, 201);
    await createPat(server, alice, { name: "later" });
    server.clock.advance({ days: 5 });
    await sendExpiryReminders(server.parts);
    await sendExpiryReminders(server.parts);
    await server.parts.mail.close();
    const [message, ...more] = await mail.messages(1);
    assert.deepEqual(more, []);
    assert.match(message, new RegExp(`^To: ${alice.email}$`, "m"));
    assert.match(message, /^From: Example <auth@example.test>$/m);
    assert.match(
      message,
      /^Subject: .*your token "deploy π" expires on \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m,
    );
    assert.match(message, /^Auto-Submitted: auto-generated$/m);
    assert.ok(message.includes(`/tokens/${created.id}\n`));
    assert.ok(message.includes(created.prefix) && !message.includes(created.token));
    assert.match(message, /never been used/);
  },
);

testOnEachDatabase(
  "sends mail about a leak once a day, with a verified location",
  async (location) => {
    await using mail = await startMailServer();
    await using server = await testServer(location, (config) => {
      withMail(mail)(config);
      config.personalAccessTokens.revokeLeaked = false;
    });
    const alice = await addPerson(server);
    const { id, token } = await createPat(server, alice);
    const place = "https://paste.example/1";
    const report = (verified: boolean) =>
      reportLeakedTokens(server.parts, [{ token, place }], {
        name: verified ? "github" : "public",
        address: "192.0.2.1",
        verified,
      });
    await report(false);
    await report(false);
    const read = await call(server, alice.management, "GET", `/api/v1/tokens/${id}`);
    assert.deepEqual([read.body.leak.reporter, read.body.leak.place], ["public", place]);
    server.clock.advance({ days: 1 });
    await report(true);
    await server.parts.mail.close();
    const messages = await mail.messages(2);
    assert.equal(messages.length, 2);
    const [unverified, verified] = messages.sort((message) => message.includes("public") ? -1 : 1);
    assert.ok(!unverified.includes(place) && unverified.includes(`pat show ${id}`), unverified);
    assert.ok(verified.includes(`Found at: ${place}`), verified);
    for (const message of messages) {
      assert.match(message, /It still works/);
      assert.ok(!message.includes(token));
    }
  },
);
