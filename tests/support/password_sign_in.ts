import { passwordFactor } from "../../server/sign_in/first_factor.ts";

/** What a session has that starts with the user's password only. */
export function passwordSignIn(user: { passwordHash?: string }) {
  const first = passwordFactor(user);
  return { first, authentication: { acr: first.acr, amr: first.amr } };
}
