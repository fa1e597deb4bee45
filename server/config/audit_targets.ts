/** Where the audit log is streamed to: the targets of `audit_stream`. */
import { isAbsolute } from "node:path";
import { displayUrl, httpUrlProblem, MASK } from "./setting_url.ts";
import { InvalidValue, type ValueType } from "./value_type.ts";
import { webhookKey } from "./webhook_key.ts";

export interface AuditTarget {
  kind: "webhook" | "otlp" | "file";
  /** A URL, or the path of a file. */
  address: string;
  /** For the database, logs and metrics: without the path of a URL, which may be secret. */
  name: string;
}

const MAX_TARGETS = 8;
const OTLP = "otlp:";
const FILE = "file:";
const OTLP_PATH = "/v1/logs";
const MIN_KEY_BYTES = 24;

const FORMS = "Use https://… for a webhook, otlp:https://…/v1/logs for a collector of " +
  "OpenTelemetry, or file:/path/audit.jsonl for a file.";

/** The targets, or why they cannot be used. */
export function parseAuditTargets(text: string): AuditTarget[] | InvalidValue {
  const parts = split(text);
  if (parts.length === 0) return new InvalidValue(`has no target. ${FORMS}`);
  if (parts.length > MAX_TARGETS) {
    return new InvalidValue(`has too many targets. The maximum is ${MAX_TARGETS}.`);
  }
  const targets: AuditTarget[] = [];
  for (const part of parts) {
    const target = parseTarget(part);
    if (target instanceof InvalidValue) return target;
    if (targets.some(({ kind, address }) => kind === target.kind && address === target.address)) {
      return new InvalidValue(`has "${display(part)}" twice. Remove one of them.`);
    }
    // A path that is replaced, since it is secret, stays the same target.
    const others = targets.filter(({ name }) => name.replace(/ #\d$/, "") === target.name).length;
    targets.push(others === 0 ? target : { ...target, name: `${target.name} #${others + 1}` });
  }
  return targets;
}

function split(text: string): string[] {
  return text.split(/[,\r\n]/).map((part) => part.trim()).filter((part) => part !== "");
}

function parseTarget(text: string): AuditTarget | InvalidValue {
  if (text.startsWith(FILE)) return parseFile(text);
  const kind = text.startsWith(OTLP) ? "otlp" : "webhook";
  const prefix = kind === "otlp" ? OTLP : "";
  const address = text.slice(prefix.length);
  if (!/^https?:\/\//.test(address)) {
    return new InvalidValue(`"${display(text)}" is not a target. ${FORMS}`);
  }
  const problem = httpUrlProblem(address, { secretPath: true });
  if (problem !== undefined) return new InvalidValue(problem.message, problem.code);
  const url = new URL(address);
  if (kind === "otlp" && url.pathname === "/") url.pathname = OTLP_PATH;
  return { kind, address: url.href, name: `${prefix}${url.origin}` };
}

function parseFile(text: string): AuditTarget | InvalidValue {
  const path = text.slice(FILE.length).replace(/^\/\/(?=\/)/, "");
  if (!isAbsolute(path) || path.startsWith("//")) {
    return new InvalidValue(
      `"${text}" must have the full path of a file, such as file:/var/log/audit.jsonl.`,
    );
  }
  if (/[/\\]$/.test(path)) {
    return new InvalidValue(
      `"${text}" is a folder. Name a file in it, such as ${text}audit.jsonl.`,
    );
  }
  return { kind: "file", address: path, name: `${FILE}${path}` };
}

function display(text: string): string {
  if (text.startsWith(FILE)) return text;
  const prefix = text.startsWith(OTLP) ? OTLP : "";
  const address = text.slice(prefix.length);
  // Without a scheme, it may be the rest of a URL that has a comma.
  return prefix + (address.includes("://") ? displayUrl(address, { secretPath: true }) : MASK);
}

/** The text is kept, as that of all settings that may contain credentials. */
export const auditTargets: ValueType<string> = {
  placeholder: "targets",
  accepts: "`https://…`, `otlp:https://…`, `file:/…`, separated by commas",
  parse(text) {
    const targets = parseAuditTargets(text);
    return targets instanceof InvalidValue ? targets : text;
  },
  display: (text) => split(text).map(display).join(", "),
  holdsCredentials: true,
};

export const auditSecret: ValueType<string> = {
  placeholder: "key",
  accepts: `text of ${MIN_KEY_BYTES} characters or more, or \`whsec_\` and base64`,
  parse(text) {
    const key = webhookKey(text);
    const advice = 'To generate one, run: echo "whsec_$(openssl rand -base64 32)"';
    if (key === undefined) {
      return new InvalidValue(`must be base64 of 24 to 64 bytes after whsec_. ${advice}`);
    }
    return key.length >= MIN_KEY_BYTES ? text : new InvalidValue(
      `must have at least ${MIN_KEY_BYTES} characters. ${advice}`,
      "out_of_range",
    );
  },
};
