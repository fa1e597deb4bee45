import {
  addIdentityProvider,
  listIdentityProviders,
  removeIdentityProvider,
  setIdentityProviderDisabled,
  showIdentityProvider,
  updateIdentityProvider,
} from "../../admin/identity_providers/operations.ts";
import { DomainError } from "../../domain_error.ts";
import { type ApiOperation, operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import {
  newProvider,
  provider,
  PROVIDER_NAME_SCHEMA,
  providerChanges,
  providerList,
  removedProvider,
} from "./schemas.ts";
import { toFailure, toProviderResponse, toResponse, toSettings } from "./to_response.ts";

export const addIdentityProviderOperation = operation({
  method: "post",
  path: "/api/v1/identity-providers",
  id: "addIdentityProvider",
  summary: "Add an identity provider",
  description: "Users see its button at once, unless `disabled` is `true`.",
  access: "identity_providers_write",
  body: newProvider,
  response: { status: 201, description: "The new identity provider.", schema: provider },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { template, name, issuer, client_id, client_secret, disabled, ...settings } =
      request.body;
    const parameters = { template, name, issuer, clientId: client_id, disabled };
    return toProviderResponse(
      await addIdentityProvider(administrator(deps, request), {
        ...toSettings(settings),
        ...parameters,
        clientSecret: client_secret,
      }),
    );
  },
});

export const listIdentityProvidersOperation = operation({
  method: "get",
  path: "/api/v1/identity-providers",
  id: "listIdentityProviders",
  summary: "List identity providers",
  access: "identity_providers_read",
  response: { status: 200, description: "All identity providers.", schema: providerList },
  async handle(deps, request) {
    const providers = await listIdentityProviders(administrator(deps, request), {});
    return { identity_providers: providers.map(toResponse) };
  },
});

export const showIdentityProviderOperation = operation({
  method: "get",
  path: "/api/v1/identity-providers/{id}",
  id: "showIdentityProvider",
  summary: "Get an identity provider by its name",
  access: "identity_providers_read",
  idSchema: PROVIDER_NAME_SCHEMA,
  response: { status: 200, description: "The identity provider.", schema: provider },
  async handle(deps, request) {
    const { id: name } = request;
    return toProviderResponse(await showIdentityProvider(administrator(deps, request), { name }));
  },
});

export const updateIdentityProviderOperation = operation({
  method: "patch",
  path: "/api/v1/identity-providers/{id}",
  id: "updateIdentityProvider",
  summary: "Change an identity provider",
  description:
    "Members that are not sent stay as they are; `null` removes one. Name, template and " +
    "issuer cannot be changed.",
  access: "identity_providers_write",
  idSchema: PROVIDER_NAME_SCHEMA,
  body: providerChanges,
  response: { status: 200, description: "The changed identity provider.", schema: provider },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { id: name, body: { client_id: clientId, client_secret, ...settings } } = request;
    return toProviderResponse(
      await updateIdentityProvider(administrator(deps, request), {
        name,
        changes: { ...toSettings(settings), clientId },
        clientSecret: client_secret,
      }),
    );
  },
});

export const disableIdentityProviderOperation = accessOperation(true);
export const enableIdentityProviderOperation = accessOperation(false);

function accessOperation(disabled: boolean): ApiOperation {
  const verb = disabled ? "disable" : "enable";
  return operation({
    method: "post",
    path: `/api/v1/identity-providers/{id}/${verb}`,
    id: `${verb}IdentityProvider`,
    summary: disabled ? "Disable an identity provider" : "Enable an identity provider",
    description: disabled
      ? "No one can sign in with it; who is signed in stays so. The last administrator who can sign " +
        "in keeps a way to do so."
      : "Users can sign in with it again.",
    access: "identity_providers_write",
    idSchema: PROVIDER_NAME_SCHEMA,
    response: { status: 200, description: "The identity provider.", schema: provider },
    problems: ["conflict"],
    async handle(deps, request) {
      const { id: name } = request;
      return toProviderResponse(
        await setIdentityProviderDisabled(administrator(deps, request), { name, disabled }),
      );
    },
  });
}

export const removeIdentityProviderOperation = operation({
  method: "delete",
  path: "/api/v1/identity-providers/{id}",
  id: "removeIdentityProvider",
  summary: "Remove an identity provider",
  description:
    "With the accounts that are linked to it; browsers that signed in with it are signed " +
    "out. It cannot be undone.",
  access: "identity_providers_write",
  idSchema: PROVIDER_NAME_SCHEMA,
  response: { status: 200, description: "What was linked to it.", schema: removedProvider },
  problems: ["conflict"],
  async handle(deps, request) {
    const { id: name } = request;
    const removed = toFailure(
      await removeIdentityProvider(administrator(deps, request), { name }),
    );
    if (removed instanceof DomainError) return removed;
    return {
      identities: removed.identities,
      users_without_sign_in: removed.usersWithoutSignIn,
    };
  },
});
