import { revokeAllTokens } from "../../pats/revoke.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import { brand } from "../../../shared/brand.ts";
import { signedInSession } from "../http/browser_session.ts";
import { uuid } from "../device/confirm.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { setNotice } from "../http/notice.ts";
import { errorPage, type PageContext, type PageDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { TokenName, TokenPrefix } from "./components.tsx";

const PATH = "/admin/tokens/revoke";
/** Tokens that the question names. */
const NAMED = 10;

export function revokeAllPath(ownerId: string): string {
  return `${PATH}?owner=${ownerId}`;
}

/** GET /admin/tokens/revoke?owner=…: asks whether it is meant. */
export async function showRevokeAllTokens(deps: PageDeps, c: PageContext): Promise<Response> {
  const ownerId = uuid(c.req.query("owner"));
  if (ownerId === undefined) return await ownerNotFound(deps, c);
  const found = await listPersonalAccessTokens(deps.sql, {
    ownerId,
    status: { at: new Date(deps.clock.now()), active: true },
    limit: NAMED + 1,
  });
  if (found.length === 0) return c.redirect(ownerTokensPath(ownerId), 303);
  const { kind, username } = found[0].owner;
  return await confirmationPage(deps, c, {
    title: "Revoke all of these tokens?",
    fields: { owner: ownerId },
    confirm: "Revoke all",
    keep: { words: "Keep them", href: ownerTokensPath(ownerId) },
    children: (
      <>
        <p>
          All that live of{" "}
          <strong>
            <UntrustedText text={username} max={254} />
          </strong>
          {kind === "service_account" && ", a service account"}:
        </p>
        <ul>
          {found.slice(0, NAMED).map((token) => (
            <li>
              <TokenName token={token} /> (<TokenPrefix token={token} />)
            </li>
          ))}
          {found.length > NAMED && <li>and more</li>}
        </ul>
        <p>Whatever uses them is turned away from now on. This cannot be undone.</p>
        {kind === "user" && (
          <p>
            Whoever can still sign in can make new ones. To keep somebody out, disable the account
            as well: <code>{`${brand.binaryName} admin user disable`}</code>
          </p>
        )}
      </>
    ),
  });
}

/** POST /admin/tokens/revoke */
export async function submitRevokeAllTokens(deps: PageDeps, c: PageContext): Promise<Response> {
  const ownerId = uuid(c.get("form")("owner"));
  if (ownerId === undefined) return await ownerNotFound(deps, c);
  const { user } = signedInSession(c);
  const count = await revokeAllTokens(deps, {
    ownerId,
    actor: { id: user.id, address: c.get("requester").address },
  });
  const tokens = count === 1 ? "one token" : `${count === 0 ? "no" : count} tokens`;
  setNotice(deps, c, { text: `Revoked ${tokens} of this owner.` });
  return c.redirect(ownerTokensPath(ownerId), 303);
}

function ownerTokensPath(ownerId: string): string {
  return `/admin/tokens?owner=${ownerId}`;
}

async function ownerNotFound(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    title: "There is no such owner",
    status: 404,
    children: (
      <p>
        <a href="/admin/tokens">Look at everybody’s tokens</a>, and choose an owner there.
      </p>
    ),
  });
}
