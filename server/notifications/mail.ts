import type { Transporter } from "nodemailer";
import { TimeoutError, withTimeout } from "../../shared/deadline.ts";
import { isLoopbackHost } from "../config/parsers.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { parseSmtpUrl } from "../config/setting_url.ts";
import type { Log } from "../log.ts";
import { type DeliveryFailure, DeliveryQueue, type QueueState } from "./delivery_queue.ts";

/**
 * A message in plain text. The only secrets in messages are links that expire: one that unlocks an
 * account, and one with which its user chooses a password once.
 */
export interface Message {
  to: string;
  subject: string;
  text: string;
}

/** Greylisting takes minutes. */
const RETRY_AFTER_MS = [60_000, 10 * 60_000];
/** For each step of the protocol. */
const TIMEOUT_MS = 10_000;
/** For a message that a command waits for: all steps together. */
const DELIVERY_TIMEOUT_MS = 20_000;
/** For an attempt in the background: a server may take minutes, but not without end. */
const ATTEMPT_TIMEOUT_MS = 120_000;

/** Sends e-mail in the background through the operator's mail server (RFC 5321), if there is one. */
export class Mail {
  #queue = new DeliveryQueue(RETRY_AFTER_MS);
  #transporter?: Promise<Transporter>;

  constructor(
    private readonly target: ServerConfig["mail"],
    private readonly log: Log,
    /** For one attempt, in ms. */
    private readonly attemptTimeoutMs = ATTEMPT_TIMEOUT_MS,
  ) {}

  get queueState(): QueueState {
    return this.#queue.state;
  }

  send(message: Message): void {
    if (this.target === undefined) return;
    this.#queue.add({
      attempt: () => this.#deliver(message),
      onFailure: (reason) => this.log("warn", "mail_failed", { subject: message.subject, reason }),
    });
  }

  /**
   * Writes a message in the background and sends it, so that the time of a response does not depend
   * on whether there is a message.
   */
  sendLater(purpose: string, write: () => Promise<Message | undefined>): void {
    if (this.target === undefined) return;
    let message: Message | undefined;
    this.#queue.add({
      attempt: async () => {
        try {
          message ??= await write();
        } catch (error) {
          return { reason: `the message could not be written: ${(error as Error).message}` };
        }
        return message && await this.#deliver(message);
      },
      onFailure: (reason) => this.log("warn", "mail_failed", { subject: purpose, reason }),
    });
  }

  /** Sends a message in one attempt. Returns why it failed. */
  async deliver(message: Message): Promise<string | undefined> {
    if (this.target === undefined) return "smtp_url is not set";
    const failure = await withTimeout(this.#deliver(message), DELIVERY_TIMEOUT_MS)
      .catch(() => ({ reason: "the mail server did not respond in time" }));
    return failure?.reason;
  }

  #deliver(message: Message): Promise<DeliveryFailure | undefined> {
    return this.#attempt(async (transporter) => {
      await transporter.sendMail({
        from: this.target!.from,
        ...message,
        // One address as it is, which nodemailer must not parse as a list.
        to: { name: "", address: message.to },
        // No automatic replies (RFC 3834 section 5).
        headers: { "Auto-Submitted": "auto-generated" },
      });
    });
  }

  /** Logs a mail server that cannot be used at startup, before a message is lost. */
  async probe(): Promise<void> {
    const reason = await this.verify();
    if (reason !== undefined) this.log("warn", "mail_failed", { reason });
  }

  /** Signs in at the mail server. Returns why that failed. */
  async verify(): Promise<string | undefined> {
    if (this.target === undefined) return undefined;
    return (await this.#attempt((transporter) => transporter.verify()))?.reason;
  }

  async close(): Promise<void> {
    await this.#queue.close();
    (await this.#transporter?.catch(() => undefined))?.close();
  }

  async #attempt(
    use: (transporter: Transporter) => Promise<unknown>,
  ): Promise<DeliveryFailure | undefined> {
    try {
      const connected = this.#transporter ??= connect(this.target!.url);
      const transporter = await connected;
      // The timeouts of the library are for each step: a server may take one after the other.
      await withTimeout(use(transporter), this.attemptTimeoutMs).catch((error) => {
        if (error instanceof TimeoutError) {
          // The next attempt opens other connections.
          if (this.#transporter === connected) this.#transporter = undefined;
          transporter.close({ force: true });
        }
        throw error;
      });
      return undefined;
    } catch (error) {
      if (error instanceof TimeoutError) {
        return { reason: "the mail server did not accept the message in time" };
      }
      const { responseCode = 0 } = error as MailError;
      // RFC 5321 section 4.2.1: 5yz is a permanent failure.
      return { reason: describeMailError(error as MailError), permanent: responseCode >= 500 };
    }
  }
}

/** What nodemailer throws. */
type MailError = Error & { code?: string; responseCode?: number; response?: string };

/** By error codes: the library's messages may contain what it was called with. */
function describeMailError({ code, responseCode, response, message }: MailError): string {
  const answer = response === undefined ? "" : `: ${response.slice(0, 200)}`;
  if (code === "EAUTH") {
    return `the mail server rejected the user name or password of smtp_url${answer}`;
  }
  if (code === "ETLS") {
    return `the mail server does not offer STARTTLS, or its certificate is not trusted${answer}`;
  }
  const certificate = code === "ESOCKET" ? certificateReason(message) : undefined;
  if (certificate !== undefined) return `the certificate of the mail server ${certificate}`;
  if (responseCode !== undefined) return `the mail server responded with ${responseCode}${answer}`;
  if (code === "EDNS" || code === "ENOTFOUND") {
    return "the host name in smtp_url cannot be resolved";
  }
  // The library reports errors of the socket with its own code.
  if (/ECONNREFUSED|connection refused/i.test(`${code} ${message}`)) {
    return "the mail server refused the connection";
  }
  if (code === "ETIMEDOUT") return "the mail server did not respond in time";
  if (code === "EENVELOPE") {
    return "the mail server rejected mail_from or the address of the recipient";
  }
  return `cannot connect to the mail server${code === undefined ? "" : ` (${code})`}`;
}

/** By the messages of OpenSSL and of Node, which the library passes on; undefined for others. */
function certificateReason(message: string): string | undefined {
  if (/expired/i.test(message)) return "has expired";
  if (/not yet valid/i.test(message)) return "is not valid yet";
  if (/does not match certificate/i.test(message)) {
    return "is for another host name. Use that name in smtp_url";
  }
  return /self[- ]signed|unable to (get|verify)|unknown ?(ca|issuer)/i.test(message)
    ? "is not signed by an authority that this machine trusts. Add the authority to its trusted " +
      "certificates, or name its PEM file with ca_file"
    : undefined;
}

/** Without TLS only to this machine: a network in between could read passwords and mail. */
async function connect(url: string): Promise<Transporter> {
  const { createTransport } = await import("nodemailer");
  const server = parseSmtpUrl(url);
  // The settings were validated by the same parser.
  if (typeof server === "string") throw new Error(server);
  return createTransport({
    ...server,
    // A local mail server often has a self-signed certificate.
    ...isLoopbackHost(server.host)
      ? { tls: { rejectUnauthorized: false } }
      : { requireTLS: !server.secure },
    pool: true,
    maxConnections: 2,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
