import { dismissTrustRequest, showTrustRequest } from "../../../admin/trust/requests.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { requestNotFound } from "./approve.tsx";
import { ClaimList } from "./pending_requests.tsx";
import { TRUST_PATH } from "./step_path.ts";

/** GET /admin/trust/dismiss?workload=… */
export async function showTrustDismissal(deps: PageDeps, c: PageContext): Promise<Response> {
  const request = await showTrustRequest(deps, { id: Number(c.get("query")("workload")) });
  if (request instanceof DomainError) return requestNotFound(deps, c);
  return await confirmationPage(deps, c, {
    name: "dismiss_trust_request",
    title: "Dismiss this request?",
    breadcrumbs: [{ path: TRUST_PATH, label: "Workloads" }],
    fields: { workload: String(request.id) },
    confirm: "Dismiss",
    cancelPath: TRUST_PATH,
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={request.rule.workloads} max={500} />
          </strong>
        </p>
        <ClaimList claims={request.claims} />
        <p>
          The workload is still rejected, and no longer listed. You can add a rule for it at any
          time.
        </p>
      </>
    ),
  });
}

/** POST /admin/trust/dismiss */
export async function submitTrustDismissal(deps: PageDeps, c: PageContext): Promise<Response> {
  const dismissed = await dismissTrustRequest(administrator(deps, c), {
    id: Number(c.get("form")("workload")),
  });
  if (dismissed instanceof DomainError) return requestNotFound(deps, c);
  setNotice(deps, c, { code: "request_dismissed", text: `Dismissed request ${dismissed.id}.` });
  return c.redirect(TRUST_PATH, 303);
}
