import { sanitizeLine } from "../../../shared/sanitize.ts";
import type { User } from "../../store/users.ts";
import { CsrfField } from "./hidden_fields.tsx";
import { ACCOUNT_MENU } from "./navigation.tsx";
import { UntrustedText } from "./untrusted_text.tsx";

/** Who is signed in, and how to sign out. Opens without a script. */
export function AccountMenu({ user, csrfToken }: { user: User; csrfToken: string }) {
  const initial = [...sanitizeLine(user.name || user.email, 80)].find((letter) =>
    /[\p{L}\p{N}]/u.test(letter)
  );
  return (
    <details class="account">
      <summary>
        <span class="hidden">Account menu of</span>
        <span class="account-email">
          <UntrustedText text={user.email} max={60} />
        </span>
        <span class="avatar" aria-hidden="true">{(initial ?? "?").toUpperCase()}</span>
      </summary>
      <div class="menu">
        <p>
          <strong>
            <UntrustedText text={user.name} max={60} />
          </strong>
          <span class="muted small">
            <UntrustedText text={user.email} max={254} />
          </span>
          {user.isAdmin && <span class="muted small">Administrator</span>}
        </p>
        <ul>
          {ACCOUNT_MENU.map(({ path, label }) => (
            <li>
              <a href={path}>{label}</a>
            </li>
          ))}
        </ul>
        <form method="post" action="/signout">
          <CsrfField token={csrfToken} />
          <button type="submit">Sign out</button>
        </form>
      </div>
    </details>
  );
}
