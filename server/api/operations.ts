import { listAuditEventsOperation } from "./audit/list.ts";
import { disableClientOperation, enableClientOperation } from "./clients/access.ts";
import { addClientOperation } from "./clients/add.ts";
import { listClientsOperation } from "./clients/list.ts";
import { removeClientOperation } from "./clients/remove.ts";
import { rotateClientSecretOperation } from "./clients/rotate_secret.ts";
import { showClientOperation } from "./clients/show.ts";
import { updateClientOperation } from "./clients/update.ts";
import { explainAccessOperation } from "./groups/access.ts";
import { addGroupOperation } from "./groups/add.ts";
import { listGroupsOperation } from "./groups/list.ts";
import {
  addMemberOperation,
  listMembersOperation,
  removeMemberOperation,
} from "./groups/members.ts";
import { removeGroupOperation } from "./groups/remove.ts";
import { showGroupOperation } from "./groups/show.ts";
import { updateGroupOperation } from "./groups/update.ts";
import {
  addIdentityProviderOperation,
  disableIdentityProviderOperation,
  enableIdentityProviderOperation,
  listIdentityProvidersOperation,
  removeIdentityProviderOperation,
  showIdentityProviderOperation,
  updateIdentityProviderOperation,
} from "./identity_providers/providers.ts";
import {
  approveQueuedSignInOperation,
  denyQueuedSignInOperation,
  listQueuedSignInsOperation,
} from "./identity_providers/queue.ts";
import { showTestOperation, startTestOperation } from "./identity_providers/tests.ts";
import { addResourceOperation } from "./resources/add.ts";
import { listResourcesOperation } from "./resources/list.ts";
import { removeResourceOperation } from "./resources/remove.ts";
import { showResourceOperation } from "./resources/show.ts";
import { updateResourceOperation } from "./resources/update.ts";
import { disableDirectoryOperation, enableDirectoryOperation } from "./directories/access.ts";
import { addDirectoryOperation } from "./directories/add.ts";
import { listDirectoriesOperation } from "./directories/list.ts";
import { removeDirectoryOperation } from "./directories/remove.ts";
import { rotateDirectoryTokenOperation } from "./directories/rotate_token.ts";
import { showDirectoryOperation } from "./directories/show.ts";
import { updateDirectoryOperation } from "./directories/update.ts";
import { githubAlert } from "./leaks/github.ts";
import { gitlabReport } from "./leaks/gitlab.ts";
import { reportLeak } from "./leaks/report.ts";
import { listScopes } from "./scopes/list.ts";
import type { ApiOperation } from "./operation.ts";
import { createTokenOperation } from "./tokens/create.ts";
import { editTokenOperation } from "./tokens/edit.ts";
import { importTokenOperation } from "./tokens/import.ts";
import { listTokens } from "./tokens/list.ts";
import { revokeTokenOperation } from "./tokens/revoke.ts";
import { rotateTokenOperation } from "./tokens/rotate.ts";
import { showOwnToken, showToken } from "./tokens/show.ts";
import { createAddressLinkOperation } from "./users/address_link.ts";
import {
  approveTrustRequestOperation,
  dismissTrustRequestOperation,
  listTrustRequestsOperation,
  showTrustRequestOperation,
} from "./trust/requests.ts";
import {
  addTrustRuleOperation,
  disableTrustRuleOperation,
  editTrustRuleOperation,
  enableTrustRuleOperation,
  listTrustRulesOperation,
  removeTrustRuleOperation,
  showTrustRuleOperation,
} from "./trust/rules.ts";
import { disableUserOperation, enableUserOperation } from "./users/access.ts";
import { addUserOperation } from "./users/add.ts";
import { listUsersOperation } from "./users/list.ts";
import {
  listLoginsOperation,
  revokeLoginOperation,
  revokeLoginsOperation,
} from "./users/logins.ts";
import { createPasswordLinkOperation } from "./users/password_link.ts";
import { offboardUserOperation, previewOffboardingOperation } from "./users/offboard.ts";
import { changeOwnerOperation } from "./owners/change.ts";
import { listOwnersOperation } from "./owners/list.ts";
import { deleteUserOperation } from "./users/remove.ts";
import {
  listSessionsOperation,
  signOutSessionOperation,
  signOutSessionsOperation,
} from "./users/sessions.ts";
import { resetFactorsOperation } from "./users/reset_factors.ts";
import { showUserOperation } from "./users/show.ts";
import {
  listUserTokensOperation,
  revokeUserTokenOperation,
  revokeUserTokensOperation,
} from "./users/tokens.ts";
import { updateUserOperation } from "./users/update.ts";

/** Every operation of the REST API, in the order of its documentation. */
export const apiOperations: readonly ApiOperation[] = [
  createTokenOperation,
  listTokens,
  showOwnToken,
  importTokenOperation,
  showToken,
  editTokenOperation,
  rotateTokenOperation,
  revokeTokenOperation,
  listScopes,
  addUserOperation,
  listUsersOperation,
  showUserOperation,
  updateUserOperation,
  createPasswordLinkOperation,
  createAddressLinkOperation,
  resetFactorsOperation,
  disableUserOperation,
  enableUserOperation,
  deleteUserOperation,
  previewOffboardingOperation,
  offboardUserOperation,
  listOwnersOperation,
  changeOwnerOperation,
  listSessionsOperation,
  signOutSessionOperation,
  signOutSessionsOperation,
  listLoginsOperation,
  revokeLoginOperation,
  revokeLoginsOperation,
  listUserTokensOperation,
  revokeUserTokenOperation,
  revokeUserTokensOperation,
  addGroupOperation,
  listGroupsOperation,
  showGroupOperation,
  updateGroupOperation,
  removeGroupOperation,
  listMembersOperation,
  addMemberOperation,
  removeMemberOperation,
  explainAccessOperation,
  addIdentityProviderOperation,
  listIdentityProvidersOperation,
  showIdentityProviderOperation,
  updateIdentityProviderOperation,
  disableIdentityProviderOperation,
  enableIdentityProviderOperation,
  removeIdentityProviderOperation,
  startTestOperation,
  showTestOperation,
  listQueuedSignInsOperation,
  approveQueuedSignInOperation,
  denyQueuedSignInOperation,
  addClientOperation,
  listClientsOperation,
  showClientOperation,
  updateClientOperation,
  rotateClientSecretOperation,
  disableClientOperation,
  enableClientOperation,
  removeClientOperation,
  addResourceOperation,
  listResourcesOperation,
  showResourceOperation,
  updateResourceOperation,
  removeResourceOperation,
  addTrustRuleOperation,
  listTrustRulesOperation,
  showTrustRuleOperation,
  editTrustRuleOperation,
  disableTrustRuleOperation,
  enableTrustRuleOperation,
  removeTrustRuleOperation,
  listTrustRequestsOperation,
  showTrustRequestOperation,
  approveTrustRequestOperation,
  dismissTrustRequestOperation,
  addDirectoryOperation,
  listDirectoriesOperation,
  showDirectoryOperation,
  updateDirectoryOperation,
  rotateDirectoryTokenOperation,
  disableDirectoryOperation,
  enableDirectoryOperation,
  removeDirectoryOperation,
  listAuditEventsOperation,
  reportLeak,
  gitlabReport,
  githubAlert,
];
