import { brand } from "../../../../shared/brand.ts";
import { exportAccount } from "../../../account/export_account.ts";
import { recordAuditEvent } from "../../../store/audit_events.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { textStream } from "../../http/text_stream.ts";

/** GET /account/export: what is stored about the user, as a download. */
export async function downloadExport(deps: PageDeps, c: PageContext): Promise<Response> {
  const { id } = signedInSession(c).user;
  await recordAuditEvent(deps.sql, deps.clock, {
    event: "account.exported",
    actor: id,
    subject: id,
    address: c.get("requester").address,
  });
  const day = new Date(deps.clock.now()).toISOString().slice(0, 10);
  return c.body(textStream(deps, c, exportAccount(deps, id)), 200, {
    "content-type": "application/json; charset=utf-8",
    "content-disposition": `attachment; filename="${brand.binaryName}-account-${day}.json"`,
  });
}
