import { brand } from "../../../../shared/brand.ts";
import { exportAccount } from "../../../account/export_account.ts";
import { recordAuditEvent } from "../../../store/audit_events.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";

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
  return c.body(toStream(exportAccount(deps, id)), 200, {
    "content-type": "application/json; charset=utf-8",
    "content-disposition": `attachment; filename="${brand.binaryName}-account-${day}.json"`,
  });
}

/** Reads on only as fast as the browser does. */
function toStream(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
