/** What operators read when the certificate of their mail server is rejected. */
import assert from "node:assert/strict";
import type { Log } from "../../../server/log.ts";
import { Mail } from "../../../server/notifications/mail.ts";
import { startMailServer } from "../../support/mail_server.ts";

Deno.test("names what is wrong with the certificate of a mail server", async () => {
  await using server = await startMailServer({ user: "auth", password: "secret" });
  const reasons: unknown[] = [];
  const log: Log = (_level, _event, details) => void reasons.push(details?.reason);
  // 0.0.0.0 leads to this machine, without being known to: its certificate is verified.
  const url = `smtp://auth:secret@0.0.0.0:${server.port}`;
  const mail = new Mail({ url, from: "auth@example.com" }, log);
  await mail.probe();
  await mail.close();
  assert.equal(reasons.length, 1);
  assert.match(String(reasons[0]), /certificate of the mail server is not signed by .* ca_file/);
});
