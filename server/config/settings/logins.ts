import type { SettingGroup } from "../setting.ts";
import { hostNames } from "../address_types.ts";
import { choice, duration, onOff } from "../value_type.ts";

export const logins = {
  title: "Logins",
  settings: [
    {
      name: "login_flow",
      key: "loginFlow",
      type: choice({ device: "device", web: "web", auto: "auto" }),
      defaultText: "the command line's own, `device`",
      summary: "how the command line logs in unless its user chooses",
      details: "With `device`, by a code that the user enters in any browser. With `web`, in a " +
        "browser on the same machine. With `auto`, in a browser if there is one, else by a code.",
    },
    {
      name: "device_flow",
      key: "deviceFlow.enabled",
      type: onOff,
      default: "on",
      summary: "allow new logins from a terminal",
      details: "With `off`, existing logins keep working.",
    },
    {
      name: "device_code_lifetime",
      key: "deviceFlow.codeLifetime",
      type: duration({ min: "60s" }),
      default: "15m",
      summary: "time to approve a login",
    },
    {
      name: "device_fresh_sign_in",
      key: "deviceFlow.freshSignInSeconds",
      type: duration({ min: "1s" }),
      defaultText: "no limit",
      summary: "maximum age of the sign-in for approvals and other sensitive actions",
      details: "To approve a login, or to grant, change or revoke anything else in the browser, " +
        "the user must have signed in within this time, such as `5m`; otherwise they have to sign " +
        "in again.",
    },
    {
      name: "client_documents",
      key: "clientDocuments.allow",
      type: choice({ off: "off", listed: "listed", on: "on" }),
      default: "off",
      summary: "allow clients that are described by a document at their id",
      details: "Client ID Metadata Documents, as MCP clients use them. With `listed`, only from " +
        "the hosts in `client_document_domains`; with `on`, from every public host. Existing " +
        "logins keep working; `admin client disable` stops a client.",
    },
    {
      name: "client_document_domains",
      key: "clientDocuments.domains",
      type: hostNames,
      defaultText: "none",
      summary: "hosts whose client documents are allowed",
      details: "For example `claude.ai, *.example.com`. A host that is listed by its whole name " +
        "may have a private address.",
    },
    {
      name: "session_idle_lifetime",
      key: "session.idleSeconds",
      type: duration({ min: "60s" }),
      default: "8h",
      summary: "a browser session expires after this time without use",
    },
    {
      name: "session_absolute_lifetime",
      key: "session.absoluteSeconds",
      type: duration({ min: "60s" }),
      default: "7d",
      summary: "a browser session expires after this time, used or not",
    },
  ],
} as const satisfies SettingGroup;
