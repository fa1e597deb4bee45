/** The secrets of an account that no login has: of its invitation, its authenticator app and codes. */
import assert from "node:assert/strict";
import { PASSWORD_MARK } from "../assert_no_secrets.ts";
import { shownKey, shownRecoveryCodes, totpCode } from "../authenticator_app.ts";
import { run } from "../binary.ts";
import { visitor } from "../page_visitor.ts";

const EMAIL = "invited@example.com";
const NEW_PASSWORD = `${PASSWORD_MARK} with an app`;

/**
 * Invites a user at `origin`, who chooses a password, sets an app up, signs in with a code of it, and
 * another time with a recovery code. Returns what must not be found anywhere: the token of the
 * invitation, the password, the key of the app, the recovery codes, and the cookies.
 */
export async function collectAccountSecrets(
  { origin, env }: { origin: string; env: Record<string, string> },
): Promise<string[]> {
  const invited = await run(["admin", "user", "add", EMAIL, "--invite"], { env });
  assert.equal(invited.code, 0, invited.stderr);
  const link = new URL(/https?:\S+/.exec(invited.stdout)![0]);
  const secrets = [link.searchParams.get("token")!, NEW_PASSWORD];
  const open = () => {
    const browser = visitor({ request: (path, init) => fetch(new URL(path, origin), init) });
    const submit = async (path: string, fields?: Record<string, string>) => {
      const page = await browser.submit(path, fields, { origin });
      secrets.push(...[...browser.cookies.values()].filter((value) => value !== ""));
      return page;
    };
    return { get: browser.get, submit };
  };
  const first = open();
  await first.get(link.pathname + link.search);
  const chosen = { password: NEW_PASSWORD, repeated_password: NEW_PASSWORD };
  assert.equal((await first.submit("/password/choose", chosen)).status, 303);
  const signIn = async () => {
    const browser = open();
    await browser.get("/signin?next=/account/security");
    const fields = { email: EMAIL, password: NEW_PASSWORD };
    const { location, text } = await browser.submit("/signin", fields);
    assert.ok(location, text);
    await browser.get(location);
    return browser;
  };

  const browser = await signIn();
  await browser.get("/account/security");
  const started = await browser.submit("/account/security/app/start");
  const key = shownKey((await browser.get(started.location!)).html);
  const at = Date.now();
  const done = await browser.submit("/account/security/app", { code: totpCode(key, at) });
  const codes = shownRecoveryCodes(done.html);
  assert.equal(codes.length, 10, done.text);
  secrets.push(key, ...codes);

  const withApp = await signIn();
  // The code of this step has set the app up (RFC 6238 section 5.2).
  const code = { code: totpCode(key, at + 30_000) };
  assert.equal((await withApp.submit("/signin/second-factor", code)).status, 303);
  const withCode = await signIn();
  await withCode.get("/signin/second-factor?with=recovery_code");
  const recovery = { code: codes[0] };
  assert.equal((await withCode.submit("/signin/second-factor", recovery)).status, 303);
  return secrets;
}
