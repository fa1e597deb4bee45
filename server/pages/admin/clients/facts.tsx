/** How pages show the attributes of a client. */
import { formatDuration } from "../../../../shared/duration.ts";
import type { ClientView } from "../../../admin/client_operations.ts";
import type { DeviceFlowRule } from "../../../scopes.ts";
import type { ClientGrant, ConsentPolicy } from "../../../store/clients.ts";
import { Badge } from "../../ui/badge.tsx";

export function ClientState({ client }: { client: Pick<ClientView, "disabledAt" | "isBuiltIn"> }) {
  return (
    <>
      {client.disabledAt === null
        ? <Badge tone="good">Enabled</Badge>
        : <Badge tone="bad">Disabled</Badge>}
      {client.isBuiltIn && (
        <>
          {" "}
          <Badge tone="neutral">Built in</Badge>
        </>
      )}
    </>
  );
}

export const CLIENT_TYPES: Record<ClientView["type"], string> = {
  public: "Public: a program on users’ machines, without a secret",
  confidential: "Confidential: a service with a secret",
};

export const CLIENT_GRANT_LABELS: Record<ClientGrant, string> = {
  device: "Log users in with a device code, and renew those logins",
  code: "Log users in through the browser, and renew those logins",
  exchange: "Exchange identity tokens, personal access tokens and its own logins",
};

export const CONSENT_LABELS: Record<ConsentPolicy, string> = {
  always: "At each login in the browser",
  remember: "Once for the same permissions",
};

export const DEVICE_FLOW_LABELS: Record<DeviceFlowRule, string> = {
  "same-network": "Only if the terminal and the browser that approves have the same IP address",
  "fresh-sign-in": "Only after a recent sign-in",
  off: "None, while the logins that it has keep working",
};

/** What a client may do, in a few words. */
export function grantsText({ grants }: Pick<ClientView, "grants">): string {
  return grants.length === 0 ? "Introspection only" : grants.join(", ");
}

export function lifetimeText(seconds: number | null, configured: number): string {
  return seconds === null
    ? `${formatDuration(configured)}, as configured for the server`
    : formatDuration(seconds);
}
