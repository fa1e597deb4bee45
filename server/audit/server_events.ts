/** The events of the server itself: that it started and stopped, and with which settings. */
import { createHmac } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { settings } from "../config/schema.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { displayUrl } from "../config/setting_url.ts";
import type { ValueType } from "../config/value_type.ts";
import type { Log } from "../log.ts";
import type { Replica } from "../replicas/replica.ts";
import { logFailure } from "../request_log.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { lastRecordedSettings } from "../store/audit_log/settings.ts";
import type { Sql } from "../store/db/connect.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";

export interface ServerEventDeps {
  sql: Sql;
  clock: Clock;
  log: Log;
  config: ServerConfig;
  secrets: Pick<ServerSecrets, "auditKey">;
  replica: Replica;
}

/** Of a value in an event. */
const MAX_VALUE_LENGTH = 300;
/** Changed settings that an event lists with their values. */
const MAX_CHANGES = 50;

/**
 * Records that the server started and, once for all its processes, which settings have changed
 * since a server last started. A server serves even if that fails.
 */
export async function recordServerStart(
  deps: ServerEventDeps,
  { version, address, isFirst }: { version: string; address: string; isFirst: boolean },
): Promise<void> {
  const { sql, clock, log, replica } = deps;
  try {
    await recordAuditEvent(sql, clock, {
      event: "server.started",
      actor: "server",
      subject: replica.name,
      details: { version, address },
    });
    if (isFirst) await recordSettings(deps);
  } catch (error) {
    logFailure(log, "audit_failed", error);
  }
}

export async function recordServerStop(
  { sql, clock, log, replica }: ServerEventDeps,
): Promise<void> {
  try {
    await recordAuditEvent(sql, clock, {
      event: "server.stopped",
      actor: "server",
      subject: replica.name,
    });
  } catch (error) {
    logFailure(log, "audit_failed", error);
  }
}

async function recordSettings(
  { sql, clock, config, secrets, replica }: ServerEventDeps,
): Promise<void> {
  const current = describeSettings(config, secrets.auditKey);
  const before = await lastRecordedSettings(sql);
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(current)])]
    .filter((name) => before?.[name] !== current[name]).sort();
  if (before !== undefined && names.length === 0) return;
  const changes = before === undefined ? {} : Object.fromEntries(
    names.slice(0, MAX_CHANGES)
      .map((name) => [name, { from: before[name] ?? null, to: current[name] ?? null }]),
  );
  await recordAuditEvent(sql, clock, {
    event: "settings.changed",
    actor: "operator",
    subject: replica.name,
    details: {
      changed: before === undefined ? "" : names.join(" "),
      changes: JSON.stringify(changes),
      settings: JSON.stringify(current),
    },
  });
}

/**
 * The settings that are set, without secrets: of these there is a fingerprint, which shows that one
 * was changed.
 */
export function describeSettings(config: ServerConfig, key: Uint8Array): Record<string, string> {
  const described: Record<string, string> = {};
  for (const { name, key: path = name, secret, type } of settings) {
    const value = path.split(".").reduce<unknown>(
      (part, step) => Object(part)[camelCase(step)],
      config,
    );
    if (value === undefined || value === null) continue;
    const text = typeof value === "string" ? value : JSON.stringify(value, jsonValue) ?? "";
    const shortText = (visible: string) => visible.slice(0, MAX_VALUE_LENGTH);
    described[name] = secret
      ? fingerprint(key, name, text)
      : type.holdsCredentials
      ? `${shortText(displayValue(name, type, text))} ${fingerprint(key, name, text)}`
      : shortText(text.includes("://") ? displayUrl(text) : text);
  }
  return described;
}

/** A list of targets has more than one path that may be secret. */
function displayValue(
  name: string,
  { display }: Pick<ValueType<unknown>, "display">,
  text: string,
) {
  return name === "audit_stream" && display !== undefined
    ? display(text)
    : displayUrl(text, { secretPath: true });
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

function jsonValue(_: string, value: unknown): unknown {
  return value instanceof Set || value instanceof Map ? [...value] : value;
}

function fingerprint(key: Uint8Array, name: string, value: string): string {
  const digest = createHmac("sha256", key).update(`audit setting ${name}\n${value}`).digest("hex");
  return `#${digest.slice(0, 8)}`;
}
