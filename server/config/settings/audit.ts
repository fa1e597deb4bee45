import { auditSecret, auditTargets } from "../audit_targets.ts";
import type { SettingGroup } from "../setting.ts";

export const audit = {
  title: "Audit stream",
  settings: [
    {
      name: "audit_stream",
      type: auditTargets,
      defaultText: "none",
      summary: "webhooks, collectors of OpenTelemetry and files that receive the audit log",
      details: "Each target receives every event at least once, in order: " +
        "[audit.md](audit.md#stream-it). A webhook is `https://…`, a collector " +
        "`otlp:https://…/v1/logs`, a file `file:/var/log/audit.jsonl`. In a URL, `%2C` stands for " +
        "a comma. Requires `audit_stream_secret`.",
    },
    {
      name: "audit_stream_secret",
      type: auditSecret,
      defaultText: "none",
      secret: true,
      summary: "signs the events of audit_stream",
      details: "After `whsec_`, the key is base64 of 24 to 64 bytes " +
        '(`echo "whsec_$(openssl rand -base64 32)"`); any other secret is the key itself. Who ' +
        "verifies the signatures needs it too.",
    },
  ],
} as const satisfies SettingGroup;
