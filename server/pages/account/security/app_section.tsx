import type { TotpAuthenticator } from "../../../store/totp_authenticators.ts";
import { Fact } from "../../ui/facts.tsx";
import { CsrfField } from "../../ui/hidden_fields.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { APP_PATH } from "./paths.ts";

export function AppSection(
  { app, csrfToken, now }: { app?: TotpAuthenticator; csrfToken: string; now: number },
) {
  const start = (label: string, primary: boolean) => (
    <form method="post" action={`${APP_PATH}/start`}>
      <CsrfField token={csrfToken} />
      <button type="submit" class={primary ? "primary" : undefined}>{label}</button>
    </form>
  );
  return (
    <section id="app">
      <h2>Authenticator app</h2>
      <p>
        An app on your phone generates a code that you enter after your password. Someone who only
        knows your password cannot sign in.
      </p>
      {app === undefined ? start("Set up an authenticator app", true) : (
        <>
          <dl>
            <Fact name="Set up">
              <TimeAgo at={app.createdAt} now={now} />
            </Fact>
            <Fact name="Last used">
              {app.lastUsedAt === undefined ? "Never" : <TimeAgo at={app.lastUsedAt} now={now} />}
            </Fact>
          </dl>
          <div class="choice">
            {start("Replace", false)}
            <a class="button" href={`${APP_PATH}/remove`}>Remove</a>
          </div>
        </>
      )}
    </section>
  );
}
