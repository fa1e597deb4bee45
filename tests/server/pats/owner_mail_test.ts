/** The text of each e-mail to the owner of a token. */
import { type OwnerNotice } from "../../../server/pats/notify_owner.ts";
import { ownerMail } from "../../../server/pats/owner_mail.ts";
import { brand } from "../../../shared/brand.ts";
import { assertGolden } from "../../support/golden.ts";

const token = {
  id: "0197a000-0000-7000-8000-000000000001",
  owner: { kind: "user" as const, id: "u", username: "alice@example.com" },
  name: "Nightly build",
  prefix: `${brand.tokenPrefixes.personalAccessToken}abcdefgh`,
  scope: "deploy",
  audience: "https://auth.example.com",
  allowedAddresses: [],
  createdAt: new Date("2026-11-24T10:00:00Z"),
  expiresAt: new Date("2026-12-01T10:00:00Z"),
};
const used = {
  ...token,
  lastUsedAt: new Date("2026-11-23T08:30:00Z"),
  lastUsedAddress: "203.0.113.7",
  lastUsedAgent: "curl",
};
const leak = { type: "token.leaked" as const, token, place: "https://paste.example/1" };

const notices: Record<string, OwnerNotice> = {
  "expires soon": { type: "token.expiring", token: used },
  "expires soon, never used": { type: "token.expiring", token },
  "imported": { type: "token.imported", token },
  "leaked and revoked, reported by anyone": {
    ...leak,
    reporter: "public",
    reporterVerified: false,
    revoked: true,
  },
  "leaked and revoked, reported by GitHub": {
    ...leak,
    token: used,
    reporter: "github",
    reporterVerified: true,
    revoked: true,
  },
  "leaked, not revoked, without a place": {
    ...leak,
    place: null,
    reporter: "gitlab",
    reporterVerified: false,
    revoked: false,
  },
};

Deno.test("the text of the e-mails about tokens", async () => {
  const mails = Object.entries(notices).map(([name, notice]) => {
    const { subject, text } = ownerMail(notice, "https://auth.example.com");
    return `==== ${name}\nSubject: ${subject}\n\n${text}`;
  });
  await assertGolden("mails/tokens.txt", mails.join("\n"));
});
