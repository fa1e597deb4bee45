/** Every way to choose a password rejects those that leaked, and those that are known of the user. */
import assert from "node:assert/strict";
import { adminUserAdd } from "../../../server/cli/admin/user/add.ts";
import { adminUserUpdate } from "../../../server/cli/admin/user/update.ts";
import { createPasswordLink } from "../../../server/passwords/password_link.ts";
import { createSetupLink } from "../../../server/store/setup_links.ts";
import type { ServerIo } from "../../../server/io.ts";
import { databaseKinds } from "../../support/databases.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";
import { visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

/** In the list; of the name and the address that the tests use. */
const REJECTED = ["unbelievable", "alice example 1", "alice@example.com"];

Deno.test("rejects passwords that are easy to guess, at every way to choose one", async (t) => {
  await using database = await databaseKinds.at(-1)!.create();
  const { location } = database;
  await t.step("pages", async () => {
    await using server = await testServer(location);
    const { sql, clock } = server.parts;
    const setup = await createSetupLink(sql, clock);
    const browser = visitor(server);
    for (const password of REJECTED) {
      await browser.get(`/setup?token=${setup}`);
      const form = { email: "alice@example.com", name: "Alice Example" };
      const page = await browser.submit("/setup", {
        ...form,
        password,
        repeated_password: password,
      });
      assert.deepEqual([page.status, page.problems], [422, ["invalid #password"]], password);
    }
    const user = await addUserWithPassword(server);
    const link = await sql.begin((tx) =>
      createPasswordLink(tx, server.parts, { userId: user.id, lifetimeSeconds: 60, mailed: false })
    );
    const path = new URL((link as { url: string }).url);
    for (const password of REJECTED) {
      await browser.get(path.pathname + path.search);
      const fields = { password, repeated_password: password };
      const page = await browser.submit("/password/choose", fields);
      assert.deepEqual(page.problems, ["invalid #password"], password);
    }
    await browser.get("/signin");
    await browser.submit("/signin", { email: user.email, password: PASSWORD });
    for (const password of REJECTED) {
      await browser.get("/account/password");
      const fields = { current_password: PASSWORD, password, repeated_password: password };
      const page = await browser.submit("/account/password", fields);
      assert.deepEqual(page.problems, ["invalid #password"], password);
    }
  });
  await t.step("commands", async () => {
    for (const password of REJECTED) {
      const errors: string[] = [];
      const io: ServerIo = {
        ...NO_TERMINAL,
        stdout: () => true,
        stderr: (text) => void errors.push(text),
        readStdin: () => Promise.resolve(`${password}\n`),
        env: {},
        signal: new AbortController().signal,
        clock: manualClock(),
        platform: { os: Deno.build.os, homedir: "/nonexistent" },
      };
      const options = { ...location, passwordStdin: true, name: "Alice Example" };
      assert.equal(await adminUserAdd("alice@example.com", options, io), 2);
      assert.equal(await adminUserUpdate("alice@example.com", options, io), 2);
      assert.ok(!errors.join("").includes(password), "no password is printed");
    }
  });
});
