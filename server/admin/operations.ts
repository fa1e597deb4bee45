import { followAuditLog, readAuditLog, verifyAuditLog, whyCredential } from "./audit_operations.ts";
import {
  addClient,
  clientSnippet,
  listAllClients,
  removeClient,
  rotateSecret,
  setClientDisabled,
  showClient,
  updateClient,
} from "./client_operations.ts";
import {
  addDirectory,
  listAllDirectories,
  removeDirectory,
  rotateToken,
  setDirectoryDisabled,
  showDirectory,
  updateDirectory,
} from "./directory_operations.ts";
import { applyState } from "./apply/apply_state.ts";
import { exportState } from "./apply/export_state.ts";
import { releaseManaged } from "./apply/release.ts";
import { examine } from "./doctor/operation.ts";
import { explainUserAccess } from "./explain_access.ts";
import { addGroupMember, removeGroupMember } from "./group_member_operations.ts";
import { addGroup, listAllGroups, showGroup, updateGroup } from "./group_operations.ts";
import { importKey, listKeys, removeKey, rotateKeys } from "./key_operations.ts";
import {
  finishSecretKeyRotation,
  rotateSecretKeyBatch,
  startSecretKeyRotation,
} from "./secret_key/rotate.ts";
import { secretKeyStatus } from "./secret_key/status.ts";
import { listMigrations } from "./migration_operations.ts";
import type { AdminDeps } from "./operation.ts";
import {
  addResource,
  listAllResources,
  removeResource,
  showResource,
  updateResource,
} from "./resource_operations.ts";
import { previewGroupRemoval, removeGroup } from "./remove_group.ts";
import { revokeSince } from "./revoke_since.ts";
import { snapshotDatabase } from "./snapshot_operations.ts";
import {
  addServiceAccount,
  listAllServiceAccounts,
  setServiceAccountDisabled,
} from "./service_account_operations.ts";
import { addTrustRule } from "./trust/add_rule.ts";
import { setRuleDisabled } from "./trust/disable_rule.ts";
import { editTrustRule } from "./trust/edit_rule.ts";
import { listAllTrustRules } from "./trust/list_rules.ts";
import {
  approveTrustRequest,
  dismissTrustRequest,
  listAllTrustRequests,
  showTrustRequest,
} from "./trust/requests.ts";
import { removeTrustRule } from "./trust/remove_rule.ts";
import { testTrust } from "./trust/test_token.ts";
import { deleteUser } from "./delete_user.ts";
import { importTokens } from "./import_tokens.ts";
import { importUsers } from "./import_users.ts";
import {
  addTokenFormat,
  listAllTokenFormats,
  removeTokenFormat,
} from "./token_format_operations.ts";
import { offboardUser } from "./offboard_user.ts";
import { setEventsToken, showSignals, updateSignals } from "./provider_signal_operations.ts";
import { changeOwner, listOwnedThings } from "./owner_operations.ts";
import { listMatchingUsers, showUser } from "./list_users.ts";
import { createUserAddressLink } from "./address_link_operations.ts";
import { createUserPasswordLink } from "./password_link_operations.ts";
import { listUserLogins, revokeUserLogin, revokeUserLogins } from "./user_logins.ts";
import { resetFactors } from "./reset_factors.ts";
import { addUser, setUserDisabled, updateUser } from "./user_operations.ts";
import { listUserSessions, signOutUser } from "./user_sessions.ts";
import { listUserTokens, revokeUserTokens } from "./user_tokens.ts";

import {
  addIdentityProvider,
  listIdentityProviders,
  removeIdentityProvider,
  setIdentityProviderDisabled,
  showIdentityProvider,
  updateIdentityProvider,
} from "./identity_providers/operations.ts";
import {
  approveQueuedSignIn,
  denyQueuedSignIn,
  listQueuedSignIns,
  showQueuedSignIn,
} from "./identity_providers/queue_operations.ts";
import {
  awaitIdentityProviderTest,
  startIdentityProviderTest,
} from "./identity_providers/test_operations.ts";

/** Every operation by the name that the admin RPC has for it. */
const operations = {
  examine,
  readAuditLog,
  followAuditLog,
  verifyAuditLog,
  whyCredential,
  addUser,
  importUsers,
  importTokens,
  addTokenFormat,
  listAllTokenFormats,
  removeTokenFormat,
  updateUser,
  listMatchingUsers,
  showUser,
  setUserDisabled,
  deleteUser,
  offboardUser,
  listOwnedThings,
  changeOwner,
  showSignals,
  updateSignals,
  setEventsToken,
  createUserPasswordLink,
  createUserAddressLink,
  listUserSessions,
  signOutUser,
  listUserLogins,
  revokeUserLogin,
  revokeUserLogins,
  listUserTokens,
  revokeUserTokens,
  resetFactors,
  addClient,
  clientSnippet,
  listAllClients,
  showClient,
  updateClient,
  rotateSecret,
  setClientDisabled,
  removeClient,
  addDirectory,
  listAllDirectories,
  showDirectory,
  updateDirectory,
  rotateToken,
  setDirectoryDisabled,
  removeDirectory,
  addResource,
  listAllResources,
  showResource,
  updateResource,
  removeResource,
  explainUserAccess,
  addGroup,
  listAllGroups,
  showGroup,
  updateGroup,
  previewGroupRemoval,
  removeGroup,
  addGroupMember,
  removeGroupMember,
  addIdentityProvider,
  listIdentityProviders,
  showIdentityProvider,
  updateIdentityProvider,
  setIdentityProviderDisabled,
  removeIdentityProvider,
  listQueuedSignIns,
  showQueuedSignIn,
  approveQueuedSignIn,
  denyQueuedSignIn,
  startIdentityProviderTest,
  awaitIdentityProviderTest,
  listKeys,
  rotateKeys,
  removeKey,
  importKey,
  secretKeyStatus,
  startSecretKeyRotation,
  rotateSecretKeyBatch,
  finishSecretKeyRotation,
  listMigrations,
  snapshotDatabase,
  revokeSince,
  addServiceAccount,
  listAllServiceAccounts,
  setServiceAccountDisabled,
  addTrustRule,
  listAllTrustRules,
  editTrustRule,
  setRuleDisabled,
  removeTrustRule,
  listAllTrustRequests,
  showTrustRequest,
  approveTrustRequest,
  dismissTrustRequest,
  testTrust,
  applyState,
  exportState,
  releaseManaged,
};

export type OperationName = keyof typeof operations;
export type OperationParams<Name extends OperationName> = Parameters<typeof operations[Name]>[1];
/** What an operation returns, a DomainError included where it can fail. */
export type OperationResult<Name extends OperationName> = Awaited<
  ReturnType<typeof operations[Name]>
>;

export const operationNames = Object.keys(operations) as OperationName[];

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

export async function execute<Name extends OperationName>(
  name: Name,
  deps: AdminDeps,
  params: OperationParams<Name>,
): Promise<OperationResult<Name>> {
  // TypeScript cannot see that the parameters and the result belong to the function of this name.
  const operation = operations[name] as unknown as (
    deps: AdminDeps,
    params: OperationParams<Name>,
  ) => Promise<OperationResult<Name>>;
  return await operation(deps, params);
}
