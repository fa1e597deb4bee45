import type { PersonalAccessToken } from "../../store/pats/types.ts";
import type { Crumb } from "../ui/breadcrumbs.tsx";
import { tokenName } from "./components.tsx";

/** The list that has the token: the user's own, or that of administrators. */
export function tokenListCrumb(isOwn: boolean): Crumb {
  return isOwn
    ? { path: "/tokens", label: "Tokens" }
    : { path: "/admin/tokens", label: "All tokens" };
}

/** Of pages that change a token. */
export function tokenCrumbs(token: PersonalAccessToken, isOwn: boolean): Crumb[] {
  return [tokenListCrumb(isOwn), { path: `/tokens/${token.id}`, label: tokenName(token) }];
}
