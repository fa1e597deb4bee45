import { showEnrollment, submitEnrollment } from "./account/enroll_second_factor.tsx";
import { PASSKEY_FACTOR_PATH } from "./account/passkeys/second_factor.tsx";
import {
  showSecondFactor,
  submitPasskeyFactor,
  submitSecondFactor,
} from "./account/second_factor.tsx";
import {
  showApp,
  showRemoveApp,
  startApp,
  submitApp,
  submitRemoveApp,
} from "./account/security/app.tsx";
import { APP_PATH, RECOVERY_CODES_PATH, SECURITY_PATH } from "./account/security/paths.ts";
import {
  showCreateRecoveryCodes,
  submitCreateRecoveryCodes,
} from "./account/security/recovery_codes.tsx";
import { showSecurity } from "./account/security/show.tsx";
import { ENROLL_PATH, SECOND_FACTOR_PATH } from "./account/complete_sign_in.ts";
import { showAddPasskey, submitAddPasskey } from "./account/passkeys/add.tsx";
import { showRemovePasskey, submitRemovePasskey } from "./account/passkeys/remove.tsx";
import { showRenamePasskey, submitRenamePasskey } from "./account/passkeys/rename.tsx";
import { redirectToSignInPage, submitPasskeySignIn } from "./account/passkeys/sign_in.tsx";
import { showHome } from "./account/home.tsx";
import { redirectToDevices, showDevices } from "./account/devices.tsx";
import { showRenameLogin, submitRenameLogin } from "./account/rename_login.tsx";
import { showRevokeAllLogins, submitRevokeAllLogins } from "./account/revoke_all_logins.tsx";
import { showRevokeLogin, submitRevokeLogin } from "./account/revoke_login.tsx";
import { showRevokeNarrowToken, submitRevokeNarrowToken } from "./account/revoke_narrow_token.tsx";
import { showConfirmEmail, submitConfirmEmail } from "./account/profile/confirm_email.tsx";
import { showChangeEmail, submitChangeEmail } from "./account/profile/email.tsx";
import { downloadExport } from "./account/profile/export.ts";
import { showChangeName, submitChangeName } from "./account/profile/name.tsx";
import { showAccount } from "./account/profile/show.tsx";
import { showSetup, submitSetup } from "./account/setup.tsx";
import { showSignIn, submitSignIn } from "./account/sign_in.tsx";
import { showWithdrawConsent, submitWithdrawConsent } from "./account/withdraw_consent.tsx";
import { submitSignOut } from "./account/sign_out.ts";
import { showSignOutBrowser, submitSignOutBrowser } from "./account/sign_out_browser.tsx";
import { downloadAuditLog } from "./admin/audit/export.tsx";
import { showAuditLog } from "./admin/audit/list.tsx";
import { showHistory, submitHistory } from "./admin/audit/history.tsx";
import { AUDIT_PARAMETERS, AUDIT_PATH, EXPORT_PATH, HISTORY_PATH } from "./admin/audit/view.ts";
import { showDirectoryAccess, submitDirectoryAccess } from "./admin/directories/access.tsx";
import { showAddDirectory, submitAddDirectory } from "./admin/directories/add.tsx";
import { showEditDirectory, submitEditDirectory } from "./admin/directories/edit.tsx";
import { showDirectories } from "./admin/directories/list.tsx";
import { showRemoveDirectory, submitRemoveDirectory } from "./admin/directories/remove.tsx";
import { showRotateDirectory, submitRotateDirectory } from "./admin/directories/rotate.tsx";
import { showOneDirectory } from "./admin/directories/show.tsx";
import { showClientAccess, submitClientAccess } from "./admin/clients/access.tsx";
import { showAddClient, submitAddClient } from "./admin/clients/add.tsx";
import { showEditClient, submitEditClient } from "./admin/clients/edit.tsx";
import { showClients } from "./admin/clients/list.tsx";
import { showRemoveClient, submitRemoveClient } from "./admin/clients/remove.tsx";
import { showRotateSecret, submitRotateSecret } from "./admin/clients/rotate.tsx";
import { showClient } from "./admin/clients/show.tsx";
import { showAccess } from "./admin/groups/access.tsx";
import { showAddGroup, submitAddGroup } from "./admin/groups/add.tsx";
import { showEditGroup, submitEditGroup } from "./admin/groups/edit.tsx";
import { showGroups } from "./admin/groups/list.tsx";
import {
  showAddMember,
  showRemoveMember,
  submitAddMember,
  submitRemoveMember,
} from "./admin/groups/members.tsx";
import { showRemoveGroup, submitRemoveGroup } from "./admin/groups/remove.tsx";
import { showGroup } from "./admin/groups/show.tsx";
import { showPersonAccess, submitPersonAccess } from "./admin/people/access.tsx";
import { showAddressLink, submitAddressLink } from "./admin/people/address_link.tsx";
import { showDeletePerson, submitDeletePerson } from "./admin/people/delete.tsx";
import { showEditPerson, submitEditPerson } from "./admin/people/edit.tsx";
import { showInvite, submitInvite } from "./admin/people/invite.tsx";
import { showOffboardPerson, submitOffboardPerson } from "./admin/people/offboard.tsx";
import { showHealth } from "./admin/health/show.tsx";
import { showChangeOwner, submitChangeOwner } from "./admin/owners/change.tsx";
import { showOwners } from "./admin/owners/list.tsx";
import { showPeople } from "./admin/people/list.tsx";
import { showPasswordLink, submitPasswordLink } from "./admin/people/password_link.tsx";
import { showResetFactors, submitResetFactors } from "./admin/people/reset_factors.tsx";
import { showRevokePersonLogin, submitRevokePersonLogin } from "./admin/people/revoke_login.tsx";
import { showPerson } from "./admin/people/show.tsx";
import { showSignOutPerson, submitSignOutPerson } from "./admin/people/sign_out.tsx";
import { showProviderAccess, submitProviderAccess } from "./admin/identity_providers/access.tsx";
import { showAddProvider, submitAddProvider } from "./admin/identity_providers/add.tsx";
import { showEditProvider, submitEditProvider } from "./admin/identity_providers/edit.tsx";
import { showProviders } from "./admin/identity_providers/list.tsx";
import { PROVIDERS_PATH, REQUESTS_PATH } from "./admin/identity_providers/paths.ts";
import { showRemoveProvider, submitRemoveProvider } from "./admin/identity_providers/remove.tsx";
import {
  showDecision,
  showRequests,
  submitDecision,
} from "./admin/identity_providers/requests.tsx";
import { showProvider } from "./admin/identity_providers/show.tsx";
import { showTestProvider, submitTestProvider } from "./admin/identity_providers/test.tsx";
import { showAddResource, submitAddResource } from "./admin/resources/add.tsx";
import { showEditResource, submitEditResource } from "./admin/resources/edit.tsx";
import { showResources } from "./admin/resources/list.tsx";
import { showRemoveResource, submitRemoveResource } from "./admin/resources/remove.tsx";
import { showResource } from "./admin/resources/show.tsx";
import { showAllTokens } from "./admin/tokens.tsx";
import { showTrustApproval, submitTrustApproval } from "./admin/trust/approve.tsx";
import { showTrustDismissal, submitTrustDismissal } from "./admin/trust/dismiss.tsx";
import { showRuleDisabling, submitRuleDisabling } from "./admin/trust/disable.tsx";
import {
  showTrustRemoval,
  submitTrustRemoval,
  submitTrustRestoration,
} from "./admin/trust/remove.tsx";
import { showTrust } from "./admin/trust/show.tsx";
import { ruleStepReturnPath, showRuleStep, submitRuleStep } from "./admin/trust/wizard.tsx";
import { showApiDocs } from "./api_docs/api_docs.tsx";
import { showAuthorization } from "./authorize/authorize.tsx";
import { consentReturnPath, submitConsent } from "./authorize/consent.tsx";
import { confirmReturnPath, showDeviceConfirm, submitDeviceConfirm } from "./device/confirm.tsx";
import { showDeviceDone } from "./device/done.tsx";
import { deviceReturnPath, showDevice, submitDevice } from "./device/enter_code.tsx";
import { copyToken } from "./assets/copy_token.ts";
import { localTimes } from "./assets/local_times.ts";
import { passkeys } from "./assets/passkeys.ts";
import { style } from "./assets/style.ts";
import { TEST_PATH } from "../identity_providers/redirect_uri.ts";
import { PATHS } from "../oauth/metadata.ts";
import type { PageHandler, PageRequirements, PageRoute } from "./http/page_route.ts";
import {
  redirectToChangePassword,
  showChangePassword,
  submitChangePassword,
} from "./password/change.tsx";
import {
  showChoosePassword,
  submitChoosePasskey,
  submitChoosePassword,
} from "./password/choose.tsx";
import { showForgotPassword, submitForgotPassword } from "./password/forgot.tsx";
import { showUpstreamCallback } from "./upstream/callback.tsx";
import {
  showUnlinkAccount,
  submitLinkAccount,
  submitUnlinkAccount,
} from "./upstream/linked_accounts.tsx";
import { showTestLink, submitTestLink } from "./upstream/test_link.tsx";
import { showUpstreamStart, submitUpstreamStart } from "./upstream/start.tsx";
import { showCreateToken, submitCreateToken } from "./tokens/create.tsx";
import { showEditToken, submitEditToken } from "./tokens/edit.tsx";
import { showTokens } from "./tokens/list.tsx";
import { showRevokeAllTokens, submitRevokeAllTokens } from "./tokens/revoke_all.tsx";
import { showRevokeToken, submitRevokeToken } from "./tokens/revoke.tsx";
import { showRotateToken, submitRotateToken } from "./tokens/rotate.tsx";
import { showToken } from "./tokens/show.tsx";

const everyone = { access: "everyone" } as const;
const signedIn = { access: "signed_in" } as const;
const admin = { access: "administrator" } as const;
const fresh = { freshSignIn: true } as const;
/** What changes how a user signs in. */
const methods = {
  ...signedIn,
  freshSignIn: "to_change_methods",
  returnTo: () => SECURITY_PATH,
} as const;
/** The address is what the user signs in with. */
const ownAddress = { ...signedIn, freshSignIn: "to_change_methods" } as const;
const onePerson = { ...admin, ...fresh, keep: ["user"] } as const;
const passkeyMethod = {
  ...signedIn,
  freshSignIn: "to_change_methods",
  keep: ["passkey"],
} as const;
const oneDirectory = { ...admin, ...fresh, keep: ["directory"] } as const;
const oneClient = { ...admin, ...fresh, keep: ["client"] } as const;
const oneGroup = { ...admin, ...fresh, keep: ["group"] } as const;
const oneRequest = { ...admin, ...fresh, keep: ["workload"] } as const;
const oneProvider = { ...admin, ...fresh, keep: ["provider"] } as const;
const oneResource = { ...admin, ...fresh, keep: ["resource"] } as const;
const approval = { ...signedIn, deviceFlow: true, returnTo: confirmReturnPath } as const;

/**
 * Every page and every action of a page, with who may use it and whether it requires a recent
 * sign-in. Nothing is reachable without a row here.
 */
export const pageRoutes: readonly PageRoute[] = [
  get("/", everyone, showHome),
  get("/api/docs", everyone, showApiDocs),
  ...[style, localTimes, copyToken, passkeys].map(({ path, handle }) =>
    get(path, everyone, handle)
  ),
  ...form("/setup", everyone, showSetup, submitSetup),
  ...form("/signin", everyone, showSignIn, submitSignIn),
  // Only for a browser whose sign-in has passed the first factor.
  ...form(SECOND_FACTOR_PATH, everyone, showSecondFactor, submitSecondFactor),
  post(PASSKEY_FACTOR_PATH, everyone, submitPasskeyFactor),
  ...form(ENROLL_PATH, everyone, showEnrollment, submitEnrollment),
  ...form("/signin/upstream/:provider", everyone, showUpstreamStart, submitUpstreamStart),
  get("/signin/upstream/:provider/callback", everyone, showUpstreamCallback),
  ...form("/signin/passkey", everyone, redirectToSignInPage, submitPasskeySignIn),
  ...form(TEST_PATH, everyone, showTestLink, submitTestLink),
  post("/signout", everyone, submitSignOut),

  // Passwords. The form of a change has the current password, so it needs no recent sign-in.
  ...form("/password/forgot", everyone, showForgotPassword, submitForgotPassword),
  ...form("/password/choose", everyone, showChoosePassword, submitChoosePassword),
  post("/password/choose/passkey", everyone, submitChoosePasskey),
  ...form("/account/password", signedIn, showChangePassword, submitChangePassword),
  get("/.well-known/change-password", everyone, redirectToChangePassword),

  // A login, from its user code to its approval.
  ...form(
    "/device",
    { ...signedIn, ...fresh, deviceFlow: true, returnTo: deviceReturnPath },
    showDevice,
    submitDevice,
  ),
  get("/device/confirm", approval, showDeviceConfirm),
  post("/device/confirm", { ...approval, freshSignIn: "to_approve" }, submitDeviceConfirm),
  get("/device/done", { ...signedIn, returnTo: () => "/device" }, showDeviceDone),

  // A login in the browser. Anyone may open the first page, whose errors go to the client.
  get(PATHS.authorization, everyone, showAuthorization),
  post(
    "/consent",
    { ...signedIn, freshSignIn: "to_approve", returnTo: consentReturnPath },
    submitConsent,
  ),

  // How users sign in.
  get(SECURITY_PATH, signedIn, showSecurity),
  post(`${APP_PATH}/start`, methods, startApp),
  ...form(APP_PATH, methods, showApp, submitApp),
  ...form(`${APP_PATH}/remove`, methods, showRemoveApp, submitRemoveApp),
  ...form(RECOVERY_CODES_PATH, methods, showCreateRecoveryCodes, submitCreateRecoveryCodes),
  post("/account/security/link", methods, submitLinkAccount),
  ...form(
    "/account/security/unlink",
    { ...methods, keep: ["identity"] },
    showUnlinkAccount,
    submitUnlinkAccount,
  ),
  get("/account/passkeys/add", passkeyMethod, showAddPasskey),
  post("/account/passkeys/add", signedIn, submitAddPasskey),
  ...form("/account/passkeys/rename", passkeyMethod, showRenamePasskey, submitRenamePasskey),
  ...form("/account/passkeys/remove", passkeyMethod, showRemovePasskey, submitRemovePasskey),

  // Logins and browser sessions.
  get("/devices", signedIn, showDevices),
  ...["/logins", "/sessions", "/consents"].map((path) => get(path, signedIn, redirectToDevices)),
  ...form(
    "/logins/rename",
    { ...signedIn, ...fresh, keep: ["login", "back"] },
    showRenameLogin,
    submitRenameLogin,
  ),
  ...form(
    "/logins/revoke",
    { ...signedIn, ...fresh, keep: ["login", "back"] },
    showRevokeLogin,
    submitRevokeLogin,
  ),
  ...form(
    "/logins/revoke-narrow",
    { ...signedIn, ...fresh, keep: ["narrow", "back"] },
    showRevokeNarrowToken,
    submitRevokeNarrowToken,
  ),
  ...form(
    "/logins/revoke-all",
    { ...signedIn, ...fresh },
    showRevokeAllLogins,
    submitRevokeAllLogins,
  ),
  ...form(
    "/consents/withdraw",
    { ...signedIn, ...fresh, keep: ["client"] },
    showWithdrawConsent,
    submitWithdrawConsent,
  ),
  ...form(
    "/sessions/sign-out",
    { ...signedIn, ...fresh, keep: ["session"] },
    showSignOutBrowser,
    submitSignOutBrowser,
  ),

  // Personal access tokens.
  get("/tokens", signedIn, showTokens),
  ...form("/tokens/new", { ...signedIn, ...fresh }, showCreateToken, submitCreateToken),
  get("/tokens/:id", { access: "token_viewer" }, showToken),
  ...form(
    "/tokens/:id/edit",
    { access: "token_editor", ...fresh },
    showEditToken,
    submitEditToken,
  ),
  ...form(
    "/tokens/:id/rotate",
    { access: "token_rotator", ...fresh },
    showRotateToken,
    submitRotateToken,
  ),
  ...form(
    "/tokens/:id/revoke",
    { access: "token_viewer", ...fresh },
    showRevokeToken,
    submitRevokeToken,
  ),

  // The user's own account.
  get("/account", signedIn, showAccount),
  ...form("/account/name", signedIn, showChangeName, submitChangeName),
  ...form("/account/email", ownAddress, showChangeEmail, submitChangeEmail),
  ...form(
    "/account/email/confirm",
    { ...ownAddress, keep: ["token"] },
    showConfirmEmail,
    submitConfirmEmail,
  ),
  get("/account/export", { ...signedIn, freshSignIn: "to_change_methods" }, downloadExport),

  // Administration.
  get(
    "/admin/tokens",
    { ...admin, keep: ["owner", "search", "show", "sort", "page"] },
    showAllTokens,
  ),
  ...form(
    "/admin/tokens/revoke",
    { ...admin, ...fresh, keep: ["owner"] },
    showRevokeAllTokens,
    submitRevokeAllTokens,
  ),
  get(
    "/admin/people",
    { ...admin, keep: ["search", "state", "role", "group", "sort", "page"] },
    showPeople,
  ),
  ...form("/admin/people/invite", { ...admin, ...fresh }, showInvite, submitInvite),
  ...form("/admin/people/edit", onePerson, showEditPerson, submitEditPerson),
  ...form("/admin/people/password-link", onePerson, showPasswordLink, submitPasswordLink),
  ...form("/admin/people/address-link", onePerson, showAddressLink, submitAddressLink),
  ...form("/admin/people/reset-factors", onePerson, showResetFactors, submitResetFactors),
  ...form("/admin/people/delete", onePerson, showDeletePerson, submitDeletePerson),
  ...form("/admin/people/offboard", onePerson, showOffboardPerson, submitOffboardPerson),
  get(AUDIT_PATH, { ...admin, keep: [...AUDIT_PARAMETERS, "after", "before"] }, showAuditLog),
  get(EXPORT_PATH, { ...admin, ...fresh, keep: [...AUDIT_PARAMETERS, "format"] }, downloadAuditLog),
  ...form(HISTORY_PATH, { ...admin, keep: ["of"] }, showHistory, submitHistory),
  get("/admin/health", admin, showHealth),
  get("/admin/owners", admin, showOwners),
  ...form(
    "/admin/owners/change",
    { ...admin, ...fresh, keep: ["kind", "name"] },
    showChangeOwner,
    submitChangeOwner,
  ),
  ...form(
    "/admin/people/sign-out",
    { ...onePerson, keep: ["user", "session"] },
    showSignOutPerson,
    submitSignOutPerson,
  ),
  ...form(
    "/admin/people/revoke-login",
    { ...onePerson, keep: ["user", "login"] },
    showRevokePersonLogin,
    submitRevokePersonLogin,
  ),
  ...form("/admin/people/access", onePerson, showPersonAccess, submitPersonAccess),
  get("/admin/people/:id", admin, showPerson),
  get("/admin/groups", { ...admin, keep: ["search", "sort", "page"] }, showGroups),
  get("/admin/groups/show", { ...admin, keep: ["group", "search", "page"] }, showGroup),
  ...form("/admin/groups/add", { ...admin, ...fresh }, showAddGroup, submitAddGroup),
  ...form("/admin/groups/edit", oneGroup, showEditGroup, submitEditGroup),
  ...form("/admin/groups/remove", oneGroup, showRemoveGroup, submitRemoveGroup),
  ...form("/admin/groups/add-member", oneGroup, showAddMember, submitAddMember),
  ...form(
    "/admin/groups/remove-member",
    { ...admin, ...fresh, keep: ["group", "user"] },
    showRemoveMember,
    submitRemoveMember,
  ),
  get("/admin/access", { ...admin, keep: ["user", "scope", "client"] }, showAccess),
  get("/admin/directories", admin, showDirectories),
  get("/admin/directories/show", { ...admin, keep: ["directory"] }, showOneDirectory),
  ...form("/admin/directories/add", { ...admin, ...fresh }, showAddDirectory, submitAddDirectory),
  ...form("/admin/directories/edit", oneDirectory, showEditDirectory, submitEditDirectory),
  ...form("/admin/directories/rotate", oneDirectory, showRotateDirectory, submitRotateDirectory),
  ...["/admin/directories/disable", "/admin/directories/enable"].flatMap((path) =>
    form(path, oneDirectory, showDirectoryAccess, submitDirectoryAccess)
  ),
  ...form("/admin/directories/remove", oneDirectory, showRemoveDirectory, submitRemoveDirectory),
  get(PROVIDERS_PATH, admin, showProviders),
  get(`${PROVIDERS_PATH}/show`, { ...admin, keep: ["provider"] }, showProvider),
  ...form(`${PROVIDERS_PATH}/add`, { ...admin, ...fresh }, showAddProvider, submitAddProvider),
  ...form(`${PROVIDERS_PATH}/edit`, oneProvider, showEditProvider, submitEditProvider),
  ...form(`${PROVIDERS_PATH}/test`, oneProvider, showTestProvider, submitTestProvider),
  ...["disable", "enable"].flatMap((verb) =>
    form(`${PROVIDERS_PATH}/${verb}`, oneProvider, showProviderAccess, submitProviderAccess)
  ),
  ...form(`${PROVIDERS_PATH}/remove`, oneProvider, showRemoveProvider, submitRemoveProvider),
  get(REQUESTS_PATH, { ...admin, keep: ["denied"] }, showRequests),
  ...["approve", "deny"].flatMap((verb) =>
    form(
      `${REQUESTS_PATH}/${verb}`,
      { ...admin, ...fresh, keep: ["request"] },
      showDecision,
      submitDecision,
    )
  ),
  get("/admin/clients", { ...admin, keep: ["search", "show", "sort", "page"] }, showClients),
  get("/admin/clients/show", { ...admin, keep: ["client"] }, showClient),
  ...form(
    "/admin/clients/add",
    { ...admin, ...fresh, keep: ["type"] },
    showAddClient,
    submitAddClient,
  ),
  ...form("/admin/clients/edit", oneClient, showEditClient, submitEditClient),
  ...form("/admin/clients/rotate", oneClient, showRotateSecret, submitRotateSecret),
  ...["/admin/clients/disable", "/admin/clients/enable"].flatMap((path) =>
    form(path, oneClient, showClientAccess, submitClientAccess)
  ),
  ...form("/admin/clients/remove", oneClient, showRemoveClient, submitRemoveClient),
  get("/admin/resources", { ...admin, keep: ["search", "sort"] }, showResources),
  get("/admin/resources/show", { ...admin, keep: ["resource"] }, showResource),
  ...form("/admin/resources/add", { ...admin, ...fresh }, showAddResource, submitAddResource),
  ...form("/admin/resources/edit", oneResource, showEditResource, submitEditResource),
  ...form("/admin/resources/remove", oneResource, showRemoveResource, submitRemoveResource),
  get("/admin/trust", admin, showTrust),
  ...["/admin/trust/add", "/admin/trust/edit"].flatMap((path) =>
    form(path, { ...admin, ...fresh, returnTo: ruleStepReturnPath }, showRuleStep, submitRuleStep)
  ),
  ...["/admin/trust/disable", "/admin/trust/enable"].flatMap((path) =>
    form(path, { ...admin, ...fresh, keep: ["name"] }, showRuleDisabling, submitRuleDisabling)
  ),
  ...form("/admin/trust/approve", oneRequest, showTrustApproval, submitTrustApproval),
  ...form("/admin/trust/dismiss", oneRequest, showTrustDismissal, submitTrustDismissal),
  ...form(
    "/admin/trust/remove",
    { ...admin, ...fresh, keep: ["name"] },
    showTrustRemoval,
    submitTrustRemoval,
  ),
  post(
    "/admin/trust/restore",
    { ...admin, ...fresh, returnTo: () => "/admin/trust" },
    submitTrustRestoration,
  ),
];

function get(path: string, requirements: PageRequirements, handle: PageHandler): PageRoute {
  return { method: "GET", path, freshSignIn: false, ...requirements, handle };
}

function post(path: string, requirements: PageRequirements, handle: PageHandler): PageRoute {
  return { method: "POST", path, freshSignIn: false, ...requirements, handle };
}

/** A page with a form that posts to its own path. */
function form(
  path: string,
  requirements: PageRequirements,
  show: PageHandler,
  submit: PageHandler,
): PageRoute[] {
  return [get(path, requirements, show), post(path, requirements, submit)];
}
