import { explainUserAccess } from "../../admin/explain_access.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { access, accessQuery } from "./schemas.ts";

export const explainAccessOperation = operation({
  method: "get",
  path: "/api/v1/access",
  id: "explainAccess",
  summary: "Say whether a user can have a scope, and why",
  access: "groups_read",
  query: accessQuery,
  response: { status: 200, description: "The answer, with each condition.", schema: access },
  problems: ["invalid", "not-found"],
  async handle(deps, { query }) {
    const explanation = await explainUserAccess(deps, query);
    if (explanation instanceof DomainError) return explanation;
    const { personalAccessToken, ...members } = explanation;
    return { ...members, personal_access_token: personalAccessToken };
  },
});
