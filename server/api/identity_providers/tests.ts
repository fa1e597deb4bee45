import {
  awaitIdentityProviderTest,
  startIdentityProviderTest,
} from "../../admin/identity_providers/test_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { PROVIDER_NAME_SCHEMA, startedTest, testProgress } from "./schemas.ts";
import { toFailure, toTestProgress } from "./to_response.ts";

export const startTestOperation = operation({
  method: "post",
  path: "/api/v1/identity-providers/{id}/test",
  id: "testIdentityProvider",
  summary: "Test an identity provider",
  description: "Returns a link that signs in with a browser and shows what would happen, without " +
    "changing anything. The provider may be disabled.",
  access: "identity_providers_write",
  idSchema: PROVIDER_NAME_SCHEMA,
  response: { status: 201, description: "The link.", schema: startedTest },
  async handle(deps, request) {
    const { id: name } = request;
    const started = toFailure(
      await startIdentityProviderTest(administrator(deps, request), { name }),
    );
    if (started instanceof DomainError) return started;
    const { id, url, expiresAt } = started;
    return { id, url, expires_at: expiresAt };
  },
});

export const showTestOperation = operation({
  method: "get",
  path: "/api/v1/identity-provider-tests/{id}",
  id: "showIdentityProviderTest",
  summary: "Get the result of a test",
  access: "identity_providers_read",
  response: { status: 200, description: "The state of the test.", schema: testProgress },
  async handle(deps, request) {
    const { id } = request;
    const progress = toFailure(
      await awaitIdentityProviderTest(administrator(deps, request), { id, seconds: 0 }),
    );
    return progress instanceof DomainError ? progress : toTestProgress(progress);
  },
});
