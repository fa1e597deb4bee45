import { OAuthError } from "../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../shared/oauth/token_response.ts";
import type { AppParts } from "../app_parts.ts";
import type { Grant } from "./grants/grant.ts";
import { commandLineClient } from "../store/clients.ts";
import { authenticateClient } from "./client_authentication.ts";
import { type FormParameters, readForm } from "../http/form.ts";
import type { ClientInfo } from "../http/client_info.ts";

/** The token endpoint (RFC 6749 section 3.2): finds the grant and lets it answer. */
export async function token(
  { tokenValidator, grants, log }: Pick<AppParts, "tokenValidator" | "log"> & {
    grants: readonly Grant[];
  },
  request: Request,
  requester: ClientInfo,
): Promise<TokenResponse | OAuthError> {
  const form = await readForm(request, { from: () => requester.address });
  if (form instanceof OAuthError) return form;
  const type = form("grant_type");
  if (type === undefined) {
    return new OAuthError("invalid_request", "The parameter grant_type is missing.");
  }
  const grant = grants.find((candidate) => candidate.type === type);
  if (grant === undefined) {
    const known = grants.map((candidate) => candidate.type).join(", ");
    return new OAuthError("unsupported_grant_type", `This server knows the grants ${known}.`);
  }
  try {
    return await answerByGrant(tokenValidator, grant, { request, form, requester });
  } catch (error) {
    if (grant.whenUnavailable === undefined) throw error;
    const { name, message } = error as Error;
    log("error", "request_failed", { error: name, reason: message });
    return grant.whenUnavailable();
  }
}

async function answerByGrant(
  tokenValidator: AppParts["tokenValidator"],
  grant: Grant,
  { request, form, requester }: { request: Request; form: FormParameters; requester: ClientInfo },
): Promise<TokenResponse | OAuthError> {
  const anonymous = form("client_id") === undefined && !request.headers.has("authorization");
  const client = anonymous && grant.clientOptional
    ? commandLineClient
    : await authenticateClient(tokenValidator.clients, request, form);
  if (client instanceof OAuthError) return client;
  return await grant.handle({ client, parameter: form, ...requester });
}
