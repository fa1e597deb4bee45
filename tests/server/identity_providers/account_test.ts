/** What the claims of a provider say about an account. */
import assert from "node:assert/strict";
import { accountFromClaims } from "../../../server/identity_providers/account.ts";
import { UpstreamFailure } from "../../../server/identity_providers/failure.ts";
import { groupNameProblem } from "../../../server/access/group_names.ts";
import type { IdentityProvider } from "../../../server/store/identity_providers.ts";

const PROVIDER: IdentityProvider = {
  name: "gitlab",
  template: "gitlab",
  issuer: "https://gitlab.com",
  clientId: "x",
  domains: [],
  required: false,
  trustsAddresses: false,
  firstSignIn: "queue",
  groupsClaim: "groups",
  scopes: [],
  recheck: false,
  createdAt: new Date(0),
};

function groups(template: string, names: unknown) {
  const { issuer } = PROVIDER;
  const claims = { sub: "7", groups: names };
  const account = accountFromClaims({ ...PROVIDER, template }, claims, { issuer });
  assert.ok(!(account instanceof UpstreamFailure));
  return account.groups?.names;
}

Deno.test("no group that users create at GitLab has the name of a group here", () => {
  assert.deepEqual(groups("gitlab", ["ops", "acme/sre", 7]), ["/ops", "/acme/sre"]);
  assert.notEqual(groupNameProblem("/ops"), undefined);
  assert.deepEqual(groups("okta", ["ops"]), ["ops"]);
});
