import { brand } from "../../../shared/brand.ts";
import { version } from "../../../shared/version.ts";
import { type AuditTarget, parseAuditTargets } from "../../config/audit_targets.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { InvalidValue } from "../../config/value_type.ts";
import { webhookKey } from "../../config/webhook_key.ts";
import type { OutboundHttp } from "../../outbound/outbound_http.ts";
import { otlpLogHeaders, otlpResource } from "../../telemetry/otlp_settings.ts";
import { AuditStream, type AuditStreamDeps } from "./audit_stream.ts";
import { fileTarget } from "./file_target.ts";
import { otlpTarget, webhookTarget } from "./http_targets.ts";
import type { StreamTarget } from "./target.ts";

export interface AuditStreamsDeps extends AuditStreamDeps {
  http: OutboundHttp;
  config: AuditStreamConfig;
}

type AuditStreamConfig = Pick<
  ServerConfig,
  "auditStream" | "auditStreamSecret" | "outboundPrivateAddresses"
>;

/** The targets of the settings, which are valid. */
export function auditStreamTargets(
  { auditStream }: Pick<ServerConfig, "auditStream">,
): AuditTarget[] {
  const targets = parseAuditTargets(auditStream ?? "");
  return targets instanceof InvalidValue ? [] : targets;
}

/** Starts to deliver the audit log to each target, independently of the others. */
export async function startAuditStreams(
  deps: AuditStreamsDeps,
  env: Record<string, string>,
): Promise<{ stop(): Promise<void> }> {
  const { auditStreamSecret: secret } = deps.config;
  const streams = secret === undefined
    ? []
    : auditStreamTargets(deps.config).map((target) =>
      new AuditStream(deps, {
        name: target.name,
        key: webhookKey(secret)!,
        target: openTarget(target, { ...deps, env, secret }),
      })
    );
  await Promise.all(streams.map((stream) => stream.start()));
  return {
    async stop() {
      await Promise.all(streams.map((stream) => stream.stop()));
    },
  };
}

function openTarget(
  { kind, address, name }: AuditTarget,
  { config, env, log, ...deps }: AuditStreamsDeps & { env: Record<string, string>; secret: string },
): StreamTarget {
  const http = { ...deps, allowPrivate: config.outboundPrivateAddresses };
  switch (kind) {
    case "file":
      return fileTarget(address);
    case "webhook":
      return webhookTarget(address, http);
    case "otlp":
      return otlpTarget(address, {
        ...http,
        headers: otlpLogHeaders(env),
        resource: { "service.version": version, ...otlpResource(env, brand.binaryName) },
        onRejected: (count, reason) =>
          log("error", "audit_stream_rejected", { target: name, count, reason }),
      });
  }
}
