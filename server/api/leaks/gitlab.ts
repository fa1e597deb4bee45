import { DomainError } from "../../domain_error.ts";
import { reportLeakedTokensWithLimit } from "../../pats/limit_leak_reports.ts";
import { operation } from "../operation.ts";
import { gitlabReportBody } from "./schemas.ts";

export const gitlabReport = operation({
  method: "post",
  path: "/api/v1/secret-scanning/gitlab",
  id: "gitlabReport",
  summary: "Report leaked tokens in the format of GitLab secret detection",
  access: "public",
  body: gitlabReportBody,
  maxBytes: 1024 * 1024,
  response: {
    status: 204,
    description: "The report was accepted. Tokens that this server issued are revoked.",
  },
  problems: ["too-many"],
  async handle(deps, { body, client }) {
    const results = await reportLeakedTokensWithLimit(
      deps,
      body.map(({ token, location }) => ({ token, place: location })),
      { name: "gitlab", address: client.address },
    );
    return results instanceof DomainError ? results : undefined;
  },
});
