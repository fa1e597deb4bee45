import * as z from "zod/mini";
import { parseScope } from "../../../shared/oauth/scope.ts";
import { covers } from "../../../shared/management.ts";
import { userAsOwner } from "../../pats/owner.ts";
import { deviceFlowRules } from "../../logins/device_flow.ts";
import { DEVICE_FLOW_RULES, FACTORS, loginScopes, patScopes, scopeNames } from "../../scopes.ts";
import { commandLineClient, findClient } from "../../store/clients.ts";
import { findActiveLogin } from "../../store/refresh_token_families.ts";
import { operation } from "../operation.ts";
import { described, named } from "../schema.ts";

const scopeList = named(
  "ScopeList",
  z.strictObject({
    scopes: z.array(z.strictObject({
      name: z.string(),
      description: described("What it permits, as the approval page says it.", z.string()),
      granted: described("Whether the login of the presented token has it.", z.boolean()),
      for_tokens: described("Whether personal access tokens can have it.", z.boolean()),
      device_flow: described(
        "What a login by device code needs to get it, besides an approval. With `off`, it cannot.",
        z.array(z.enum(DEVICE_FLOW_RULES)),
      ),
      factor: described(
        "What your sign-in must be at least to approve it; `null`: anything.",
        z.nullable(z.enum(FACTORS)),
      ),
    })),
  }),
);

export const listScopes = operation({
  method: "get",
  path: "/api/v1/scopes",
  id: "listScopes",
  summary: "List the scopes that you can request",
  description: "Only those that your account may have, in the order of the server's configuration.",
  access: "read",
  response: { status: 200, description: "The scopes.", schema: scopeList },
  async handle({ sql, catalog, clock }, { user, presented }) {
    const account = userAsOwner(user);
    const login = presented.loginId === undefined ? undefined : await findActiveLogin(sql, {
      id: presented.loginId,
      now: new Date(clock.now()),
    });
    const granted = parseScope(login?.scope ?? presented.scope) ?? [];
    const forTokens = scopeNames(patScopes(catalog.scopes(), account));
    const client = await findClient(sql, presented.clientId) ?? commandLineClient;
    const scopes = loginScopes(catalog.scopes(), account, client);
    return {
      scopes: scopes.map(({ name, description, factor }) => ({
        name,
        description,
        granted: covers(granted, name),
        for_tokens: forTokens.includes(name),
        device_flow: deviceFlowRules(client, catalog.scopes(), name).map(({ rule }) => rule),
        factor: factor ?? null,
      })),
    };
  },
});
