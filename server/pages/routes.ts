import { submitTrust } from "./admin/trust/add.ts";
import { showTrust } from "./admin/trust/show.tsx";
import {
  showTrustRemoval,
  submitTrustRemoval,
  submitTrustRestoration,
} from "./admin/trust/remove.tsx";
import { showApiDocs } from "./api_docs/api_docs.tsx";
import { deviceReturnPath, showDevice, submitDevice } from "./device/enter_code.tsx";
import { confirmReturnPath, showDeviceConfirm, submitDeviceConfirm } from "./device/confirm.tsx";
import { showDeviceDone } from "./device/done.tsx";
import { showDevices } from "./account/devices.tsx";
import { showRevokeAllLogins, submitRevokeAllLogins } from "./account/revoke_all_logins.tsx";
import { showRevokeLogin, submitRevokeLogin } from "./account/revoke_login.tsx";
import { showSignOutBrowser, submitSignOutBrowser } from "./account/sign_out_browser.tsx";
import { showHome } from "./account/home.tsx";
import type { PageRoute } from "./http/page_route.ts";
import { showSetup, submitSetup } from "./account/setup.tsx";
import { showSignIn, submitSignIn, submitSignOut } from "./account/sign_in.tsx";
import { showAllTokens, showTokens } from "./tokens/list.tsx";
import { showCreateToken, submitCreateToken } from "./tokens/create.tsx";
import { showToken } from "./tokens/show.tsx";
import { showRevokeToken, submitRevokeToken } from "./tokens/revoke.tsx";
import { showRevokeAllTokens, submitRevokeAllTokens } from "./tokens/revoke_all.tsx";
import { showRotateToken, submitRotateToken } from "./tokens/rotate.tsx";

const device = { access: "signed_in", deviceFlow: true } as const;

/**
 * Every page and every action of a page, with who may use it and whether a recent sign-in
 * is needed: the one place that says so. Nothing is reachable without a row here.
 */
export const pageRoutes: readonly PageRoute[] = [
  { method: "GET", path: "/", access: "everyone", freshSignIn: false, handle: showHome },
  { method: "GET", path: "/api/docs", access: "everyone", freshSignIn: false, handle: showApiDocs },
  { method: "GET", path: "/setup", access: "everyone", freshSignIn: false, handle: showSetup },
  { method: "POST", path: "/setup", access: "everyone", freshSignIn: false, handle: submitSetup },
  { method: "GET", path: "/signin", access: "everyone", freshSignIn: false, handle: showSignIn },
  { method: "POST", path: "/signin", access: "everyone", freshSignIn: false, handle: submitSignIn },
  {
    method: "POST",
    path: "/signout",
    access: "everyone",
    freshSignIn: false,
    handle: submitSignOut,
  },

  // A login, from the code on a terminal to its approval.
  {
    method: "GET",
    path: "/device",
    ...device,
    freshSignIn: true,
    returnTo: deviceReturnPath,
    handle: showDevice,
  },
  {
    method: "POST",
    path: "/device",
    ...device,
    freshSignIn: true,
    returnTo: deviceReturnPath,
    handle: submitDevice,
  },
  {
    method: "GET",
    path: "/device/confirm",
    ...device,
    freshSignIn: false,
    returnTo: confirmReturnPath,
    handle: showDeviceConfirm,
  },
  {
    method: "POST",
    path: "/device/confirm",
    ...device,
    freshSignIn: "to_approve",
    returnTo: confirmReturnPath,
    handle: submitDeviceConfirm,
  },
  {
    method: "GET",
    path: "/device/done",
    access: "signed_in",
    freshSignIn: false,
    returnTo: () => "/device",
    handle: showDeviceDone,
  },

  // Where a person is logged in.
  { method: "GET", path: "/devices", access: "signed_in", freshSignIn: false, handle: showDevices },
  {
    method: "GET",
    path: "/logins/revoke",
    access: "signed_in",
    freshSignIn: true,
    keep: ["login", "back"],
    handle: showRevokeLogin,
  },
  {
    method: "POST",
    path: "/logins/revoke",
    access: "signed_in",
    freshSignIn: true,
    keep: ["login", "back"],
    handle: submitRevokeLogin,
  },
  {
    method: "GET",
    path: "/logins/revoke-all",
    access: "signed_in",
    freshSignIn: true,
    handle: showRevokeAllLogins,
  },
  {
    method: "POST",
    path: "/logins/revoke-all",
    access: "signed_in",
    freshSignIn: true,
    handle: submitRevokeAllLogins,
  },
  {
    method: "GET",
    path: "/sessions/sign-out",
    access: "signed_in",
    freshSignIn: true,
    keep: ["session"],
    handle: showSignOutBrowser,
  },
  {
    method: "POST",
    path: "/sessions/sign-out",
    access: "signed_in",
    freshSignIn: true,
    keep: ["session"],
    handle: submitSignOutBrowser,
  },

  // Personal access tokens.
  { method: "GET", path: "/tokens", access: "signed_in", freshSignIn: false, handle: showTokens },
  {
    method: "GET",
    path: "/tokens/new",
    access: "signed_in",
    freshSignIn: true,
    handle: showCreateToken,
  },
  {
    method: "POST",
    path: "/tokens/new",
    access: "signed_in",
    freshSignIn: true,
    handle: submitCreateToken,
  },
  {
    method: "GET",
    path: "/tokens/:id",
    access: "token_viewer",
    freshSignIn: false,
    handle: showToken,
  },
  {
    method: "GET",
    path: "/tokens/:id/rotate",
    access: "token_rotator",
    freshSignIn: true,
    handle: showRotateToken,
  },
  {
    method: "POST",
    path: "/tokens/:id/rotate",
    access: "token_rotator",
    freshSignIn: true,
    handle: submitRotateToken,
  },
  {
    method: "GET",
    path: "/tokens/:id/revoke",
    access: "token_viewer",
    freshSignIn: true,
    handle: showRevokeToken,
  },
  {
    method: "POST",
    path: "/tokens/:id/revoke",
    access: "token_viewer",
    freshSignIn: true,
    handle: submitRevokeToken,
  },

  // What administrators do.
  {
    method: "GET",
    path: "/admin/tokens",
    access: "administrator",
    freshSignIn: false,
    keep: ["owner"],
    handle: showAllTokens,
  },
  {
    method: "GET",
    path: "/admin/tokens/revoke",
    access: "administrator",
    freshSignIn: true,
    keep: ["owner"],
    handle: showRevokeAllTokens,
  },
  {
    method: "POST",
    path: "/admin/tokens/revoke",
    access: "administrator",
    freshSignIn: true,
    keep: ["owner"],
    handle: submitRevokeAllTokens,
  },
  {
    method: "GET",
    path: "/admin/trust",
    access: "administrator",
    freshSignIn: false,
    handle: showTrust,
  },
  {
    method: "POST",
    path: "/admin/trust",
    access: "administrator",
    freshSignIn: true,
    handle: submitTrust,
  },
  {
    method: "GET",
    path: "/admin/trust/remove",
    access: "administrator",
    freshSignIn: true,
    keep: ["name"],
    handle: showTrustRemoval,
  },
  {
    method: "POST",
    path: "/admin/trust/remove",
    access: "administrator",
    freshSignIn: true,
    keep: ["name"],
    handle: submitTrustRemoval,
  },
  {
    method: "POST",
    path: "/admin/trust/restore",
    access: "administrator",
    freshSignIn: true,
    returnTo: () => "/admin/trust",
    handle: submitTrustRestoration,
  },
];
