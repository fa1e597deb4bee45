import { Buffer } from "node:buffer";
import type { Clock } from "../../../shared/clock.ts";
import { isLoopbackHost } from "../../config/parsers.ts";
import { webhookHeaders } from "../../notifications/webhook_signature.ts";
import { OutboundError, type OutboundHttp } from "../../outbound/outbound_http.ts";
import { type LogRecord, logsRequest } from "../../telemetry/otlp_json.ts";
import type { SignedLine } from "./signed_lines.ts";
import { DeliveryError, type StreamTarget } from "./target.ts";

export interface HttpTargetDeps {
  clock: Clock;
  http: OutboundHttp;
  secret: string;
  /** Whether the settings allow private addresses. */
  allowPrivate: boolean;
}

const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 64 * 1024;
/** RFC 9110 section 15.5.14. */
const CONTENT_TOO_LARGE = 413;

/** JSON lines by POST, signed as Standard Webhooks 1.0 specifies. */
export function webhookTarget(url: string, deps: HttpTargetDeps): StreamTarget {
  return {
    async send(lines) {
      const body = lines.map(({ text }) => `${text}\n`).join("");
      await post(url, { lines, body, contentType: "application/x-ndjson", maxBytes: 0 }, deps);
    },
    close() {},
  };
}

export interface OtlpTargetDeps extends HttpTargetDeps {
  /** Such as an API key. */
  headers: Record<string, string>;
  resource: Record<string, string>;
  /** Called with what the collector says about events that it did not keep. */
  onRejected(count: number, reason: string): void;
}

/** Log records to a collector of OpenTelemetry (OTLP 1.5 over HTTP, as JSON). */
export function otlpTarget(url: string, deps: OtlpTargetDeps): StreamTarget {
  return {
    async send(lines) {
      const body = logsRequest(lines.map(toLogRecord), deps.resource, deps.clock.now());
      const request = { lines, body, contentType: "application/json" };
      const response = await post(url, { ...request, maxBytes: MAX_RESPONSE_BYTES }, deps);
      const { count, reason } = rejectedRecords(response);
      // OTLP 1.5, "Partial Success": the client must not send them again.
      if (count > 0) deps.onRejected(count, reason);
    },
    close() {},
  };
}

async function post(
  url: string,
  { lines, body, contentType, maxBytes }: {
    lines: readonly SignedLine[];
    body: string;
    contentType: string;
    maxBytes: number;
  },
  { http, clock, secret, allowPrivate, headers }: HttpTargetDeps & Partial<OtlpTargetDeps>,
): Promise<Uint8Array> {
  const { hostname } = new URL(url);
  // The same for each attempt, so that a receiver can skip what it has.
  const id = `msg_${Buffer.from(lines.at(-1)!.signature, "base64").toString("base64url")}`;
  try {
    const response = await http.request(url, {
      method: "POST",
      accept: contentType === "application/json" ? contentType : "*/*",
      headers: {
        ...headers,
        "content-type": contentType,
        ...webhookHeaders({ id, body, secret, now: clock.now() }),
      },
      body,
      timeoutMs: TIMEOUT_MS,
      maxBytes,
      // Operators may name this machine in the settings on purpose.
      allowPrivate: allowPrivate || isLoopbackHost(hostname),
    });
    const { status } = response;
    if (status >= 200 && status < 300) return response.body;
    throw new DeliveryError(`${hostname} responded with ${status}`, status === CONTENT_TOO_LARGE);
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const advice = error.failure === "private_address"
      ? ": set outbound_private_addresses to on if that is intended"
      : "";
    throw new DeliveryError(`${hostname} ${error.message}${advice}`);
  }
}

/** Severities of the OpenTelemetry Logs Data Model. */
const SEVERITIES = {
  ok: { number: 9, text: "INFO" },
  refused: { number: 13, text: "WARN" },
  failed: { number: 17, text: "ERROR" },
} as const;

function toLogRecord({ event, text }: SignedLine): LogRecord {
  const attributes = {
    "audit.id": event.id,
    "audit.actor": event.actor?.id,
    "audit.acting_for": event.actingFor?.id,
    "audit.subject": event.subject?.id,
    "audit.result": event.result,
    "audit.request_id": event.requestId,
    "client.address": event.address,
  };
  return {
    at: Date.parse(event.time),
    severity: SEVERITIES[event.result],
    eventName: event.event,
    body: text,
    attributes: Object.fromEntries(
      Object.entries(attributes).filter((entry): entry is [string, string] => Boolean(entry[1])),
    ),
  };
}

function rejectedRecords(body: Uint8Array): { count: number; reason: string } {
  try {
    const { partialSuccess } = JSON.parse(new TextDecoder().decode(body));
    const count = Number(partialSuccess?.rejectedLogRecords ?? 0);
    return { count: count > 0 ? count : 0, reason: String(partialSuccess?.errorMessage ?? "") };
  } catch {
    return { count: 0, reason: "" };
  }
}
