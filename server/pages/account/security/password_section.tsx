import type { User } from "../../../store/users.ts";

export function passwordSection({ passwordHash }: User) {
  return (
    <section id="password">
      <h2>Password</h2>
      {passwordHash === undefined ? <p>You have no password.</p> : (
        <p>
          <a class="button" href="/account/password">Change password</a>
        </p>
      )}
    </section>
  );
}
