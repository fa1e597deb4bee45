import { createHmac, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import type { FormParameters } from "../../http/form.ts";
import type { Sql } from "../../store/db/connect.ts";
import { findPersonalAccessToken } from "../../store/pats/find.ts";
import type { PageContext } from "../context.ts";
import type { RenderDeps } from "../render.tsx";
import { TokenName } from "../tokens/components.tsx";
import { errorPage } from "./error_page.tsx";
import type { FormProblem } from "./form_problem.ts";

/**
 * A form creates one token or client, however often it is submitted: reloading the page submits it
 * again. The id of the token or the client is derived from the form's key, so the primary key of the table rejects a
 * second one on any replica. It is also derived from our secret, the browser's session and the
 * page, so that no client can choose an id.
 */
const FIELD = "idempotency_key";

export const MISSING_IDEMPOTENCY_KEY: FormProblem = {
  code: "missing_idempotency_key",
  message: "This form had expired. Nothing was changed. Submit it again.",
};

export function IdempotencyKey({ form }: { form?: FormParameters }) {
  const value = form && readKey(form) || randomBytes(16).toString("base64url");
  return <input type="hidden" name={FIELD} value={value} />;
}

/** The id of the token that this form creates; undefined if it has no valid key. */
export function idempotentTokenId(
  deps: Pick<RenderDeps, "secrets">,
  c: PageContext,
): string | undefined {
  const bytes = derivedBytes(deps, c, "token");
  if (bytes === undefined) return undefined;
  // A UUID of version 8 (RFC 9562 section 5.8).
  bytes[6] = bytes[6] & 0x0f | 0x80;
  bytes[8] = bytes[8] & 0x3f | 0x80;
  return Buffer.from(bytes.subarray(0, 16)).toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The id of the client that this form registers, unless it names one. */
export function idempotentClientId(
  deps: Pick<RenderDeps, "secrets">,
  c: PageContext,
): string | undefined {
  const bytes = derivedBytes(deps, c, "client");
  return bytes && `client-${Buffer.from(bytes.subarray(0, 9)).toString("hex")}`;
}

function derivedBytes(
  { secrets }: Pick<RenderDeps, "secrets">,
  c: PageContext,
  purpose: "token" | "client",
): Buffer | undefined {
  const key = readKey(c.get("form"));
  if (key === undefined) return undefined;
  return createHmac("sha256", secrets.formKey)
    .update(`${purpose} ${c.get("browserToken")} ${c.req.path} ${key}`)
    .digest();
}

function readKey(form: FormParameters): string | undefined {
  const key = form(FIELD) ?? "";
  return /^[\w-]{22}$/.test(key) ? key : undefined;
}

/** The response to a form that was submitted again; undefined if it has not created its token. */
export async function alreadyCreatedPage(
  deps: RenderDeps & { sql: Sql },
  c: PageContext,
  id: string,
): Promise<Response | undefined> {
  const token = await findPersonalAccessToken(deps.sql, id);
  return token && await errorPage(deps, c, {
    code: "conflict",
    id: "already_created",
    title: "Token already created",
    children: (
      <>
        <p>
          The same form was submitted twice, and no second token was created. The secret of{" "}
          <a href={`/tokens/${id}`}>
            <TokenName token={token} />
          </a>{" "}
          cannot be shown again, because the server stores only a hash of it.
        </p>
        <p>
          If you did not copy the secret, <a href={`/tokens/${id}/rotate`}>rotate the token</a>{" "}
          to get a new one.
        </p>
      </>
    ),
  });
}
