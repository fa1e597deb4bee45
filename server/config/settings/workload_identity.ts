import type { SettingGroup } from "../setting.ts";
import { choice, onOff } from "../value_type.ts";

export const workloadIdentity = {
  title: "Workload identity",
  settings: [
    {
      name: "federation_private_issuers",
      key: "federation.privateIssuers",
      type: onOff,
      default: "off",
      summary: "allow trusted issuers to have private addresses",
      details: "Needed for the issuer of a cluster in your own network.",
    },
    {
      name: "federation_errors",
      key: "federation.detailedErrors",
      type: choice({ brief: false, detailed: true }),
      default: "brief",
      summary: "how much the error of a rejected workload says",
      details:
        "With `detailed`, the response names the condition that failed; with `brief`, only " +
        "the audit log does.",
    },
    {
      name: "trust_requests",
      key: "federation.trustRequests",
      type: choice({ off: "off", rules: "rules", providers: "providers" }),
      default: "rules",
      summary: "which rejected workloads administrators can approve",
      details:
        "With `rules`, those of issuers that a rule names; with `providers`, also those of " +
        "GitHub, GitLab and other providers with one issuer for all customers, whose keys the " +
        "server then fetches. They are kept for 7 days.",
    },
  ],
} as const satisfies SettingGroup;
