import { DomainError } from "../../domain_error.ts";
import { reportLeakedTokensWithLimit } from "../../pats/limit_leak_reports.ts";
import { operation } from "../operation.ts";
import { leakReport, leakResult } from "./schemas.ts";

export const reportLeak = operation({
  method: "post",
  path: "/api/v1/revocations",
  id: "reportLeak",
  summary: "Report a leaked token",
  description: "Anyone who has a token can have it revoked. The server notifies the owner and " +
    "includes where the token was found, if you report it.",
  access: "public",
  body: leakReport,
  response: { status: 200, description: "The state of the token.", schema: leakResult },
  problems: ["too-many"],
  async handle(deps, { body, client }) {
    const results = await reportLeakedTokensWithLimit(
      deps,
      [{ token: body.token, place: body.url }],
      { name: "public", address: client.address },
    );
    return results instanceof DomainError ? results : { revoked: results[0].isInactive };
  },
});
