import { createHmac, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import type { AppParts } from "../../app_parts.ts";
import type { FormParameters } from "../../http/form.ts";
import { findPersonalAccessToken } from "../../store/pats/find.ts";
import { errorPage, type PageContext, type PageDeps } from "../render.tsx";
import { TokenName } from "../tokens/components.tsx";

/**
 * A form makes one token, however often it is sent: a reload sends it again. It carries
 * a number of its own, from which follows the id of the row it makes, and the primary
 * key lets that row be made once, whichever replica is asked. The id also follows from
 * our secret, the browser's session and the page, so nobody can choose one.
 */
const FIELD = "idempotency_key";

/** Said of a form that carries no number. */
export const OUT_OF_DATE = "This form was out of date. Nothing was done; send it again.";

export function IdempotencyKey({ form }: { form?: FormParameters }) {
  const value = form && readNumber(form) || randomBytes(16).toString("base64url");
  return <input type="hidden" name={FIELD} value={value} />;
}

/** The id of the token that this form makes; undefined if it carries no number of ours. */
export function idempotencyKeyOf(
  { secrets }: Pick<AppParts, "secrets">,
  c: PageContext,
): string | undefined {
  const number = readNumber(c.get("form"));
  if (number === undefined) return undefined;
  const bytes = createHmac("sha256", secrets.formKey)
    .update(`token ${c.get("browserToken")} ${c.req.path} ${number}`)
    .digest();
  // RFC 9562 section 5.8: a UUID of our own making.
  bytes[6] = bytes[6] & 0x0f | 0x80;
  bytes[8] = bytes[8] & 0x3f | 0x80;
  return Buffer.from(bytes.subarray(0, 16)).toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function readNumber(form: FormParameters): string | undefined {
  const number = form(FIELD) ?? "";
  return /^[\w-]{22}$/.test(number) ? number : undefined;
}

/** What a form that was sent before gets; undefined if it made no token yet. */
export async function alreadyCreatedPage(
  deps: PageDeps,
  c: PageContext,
  id: string,
): Promise<Response | undefined> {
  const token = await findPersonalAccessToken(deps.sql, id);
  return token && await errorPage(deps, c, {
    title: "This token was made already",
    status: 409,
    children: (
      <>
        <p>
          The same form was sent once more, and made no second token. The secret of{" "}
          <a href={`/tokens/${id}`}>
            <TokenName token={token} />
          </a>{" "}
          is not shown again: this server keeps only a hash of it.
        </p>
        <p>
          If you did not copy it, <a href={`/tokens/${id}/rotate`}>rotate it</a>{" "}
          to get a new secret, and let the old one end at once.
        </p>
      </>
    ),
  });
}
