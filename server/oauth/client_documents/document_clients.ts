import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import { OutboundError, type OutboundHttp } from "../../outbound/outbound_http.ts";
import { createRateLimit } from "../../security/shared_rate_limit.ts";
import type { Rate, RateLimit } from "../../security/token_bucket.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { findClient } from "../../store/clients.ts";
import { deleteConsentsOfClient } from "../../store/consents.ts";
import type { Sql } from "../../store/db/connect.ts";
import { type DocumentClient, updateDocumentClient } from "../../store/document_clients.ts";
import { isDocumentAddress, parseClientDocument } from "./document.ts";

const TIMEOUT_MS = 5_000;
/** Section 6.6 of the draft recommends 5 KB at most. */
const MAX_BYTES = 10 * 1024;
/** How long a document is used without fetching it again, in ms, whatever its Cache-Control says. */
const CACHE_MS = { min: 5 * 60_000, default: 3_600_000, max: 86_400_000 };
/** After a failure, its host gets no request for this document for this long. */
const FAILURE_MS = 10_000;
/** A document that cannot be fetched now stays valid for so long: its host may be down. */
const STALE_MS = 86_400_000;
/** Documents that are kept in memory, approved or not. */
const MAX_DOCUMENTS = 1000;
/** Documents that one user makes this server fetch. */
const PER_USER: Rate = { burst: 20, perSecond: 0.2 };

interface Entry {
  result: DocumentClient | DomainError;
  until: number;
}

export interface DocumentClientsDeps {
  sql: Sql;
  clock: Clock;
  http: OutboundHttp;
  config: Pick<ServerConfig, "clientDocuments" | "databaseUrl">;
}

/**
 * Clients that are not registered: their id is the address of a document, which is fetched when a
 * user is about to approve one (OAuth Client ID Metadata Document). Only the owner of its host vouches
 * for what it says.
 */
export class DocumentClients {
  /** Oldest first. */
  #entries = new Map<string, Entry>();
  #pending = new Map<string, Promise<DocumentClient | DomainError>>();
  #limit: RateLimit;

  constructor(private readonly deps: DocumentClientsDeps) {
    this.#limit = createRateLimit(deps);
  }

  /** Whether `id` names a document that the settings allow. Nothing is fetched. */
  accepts(id: string): boolean {
    const { allow } = this.deps.config.clientDocuments;
    if (allow === "off" || !isDocumentAddress(id)) return false;
    return allow === "on" || this.isListed(id);
  }

  /** Whether the operator has named the domain of a document, and so trusts what it says. */
  isListed(id: string): boolean {
    const { domains = [] } = this.deps.config.clientDocuments;
    const { hostname } = new URL(id);
    return domains.some((domain) =>
      domain.startsWith("*.") ? hostname.endsWith(domain.slice(1)) : hostname === domain
    );
  }

  /** The operator has named the host, so it may be one of their own network. */
  #mayBePrivate(id: string): boolean {
    return this.deps.config.clientDocuments.domains?.includes(new URL(id).hostname) ?? false;
  }

  /**
   * The client of an id that is accepted, for an approval by a user. Fails as `unavailable` if a
   * later attempt may succeed, as `rate_limited`, and as `forbidden` if the document has to change.
   */
  async find(id: string, userId: string): Promise<DocumentClient | DomainError> {
    const stored = await findClient(this.deps.sql, id);
    // What the operator disabled stays so, whatever the document says.
    if (stored?.document !== undefined && stored.disabledAt !== undefined) {
      return stored as DocumentClient;
    }
    const fetched = await this.#fetched(id, userId);
    if (stored?.document === undefined) return fetched;
    if (fetched instanceof DomainError) {
      const { expiresAt } = stored.document;
      const isStale = this.deps.clock.now() > expiresAt.getTime() + STALE_MS;
      return fetched.code === "forbidden" || isStale ? fetched : stored as DocumentClient;
    }
    return await this.#recordChange(stored as DocumentClient, fetched);
  }

  async #fetched(id: string, userId: string): Promise<DocumentClient | DomainError> {
    const now = this.deps.clock.now();
    const entry = this.#entries.get(id);
    if (entry !== undefined && now < entry.until) return entry.result;
    const pending = this.#pending.get(id);
    if (pending !== undefined) return await pending;
    const retryAfterSeconds = await this.#limit.take([[`documents of ${userId}`, PER_USER]]);
    if (retryAfterSeconds > 0) {
      return new DomainError(
        "rate_limited",
        "You have started too many logins of new applications. Try again in a minute.",
        { retryAfterSeconds },
      );
    }
    const started = this.#pending.get(id);
    if (started !== undefined) return await started;
    const fetching = this.#fetch(id).finally(() => this.#pending.delete(id));
    this.#pending.set(id, fetching);
    return await fetching;
  }

  async #fetch(id: string): Promise<DocumentClient | DomainError> {
    const { result, cacheMs } = await this.#request(id);
    this.#entries.delete(id);
    this.#entries.set(id, { result, until: this.deps.clock.now() + cacheMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_DOCUMENTS) break;
      this.#entries.delete(oldest);
    }
    return result;
  }

  async #request(id: string): Promise<{ result: DocumentClient | DomainError; cacheMs: number }> {
    const failed = (code: "forbidden" | "unavailable", reason: string) => ({
      result: new DomainError(code, `The document ${id} ${reason}.`),
      cacheMs: FAILURE_MS,
    });
    let response;
    try {
      response = await this.deps.http.request(id, {
        accept: "application/json",
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        allowPrivate: this.#mayBePrivate(id),
      });
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      const isTemporary = error.failure === "timeout" || error.failure === "unreachable";
      return failed(isTemporary ? "unavailable" : "forbidden", error.message);
    }
    // Section 6: redirects are not followed, and only 200 counts.
    const { status, headers, body } = response;
    if (status !== 200) {
      return failed(
        status >= 500 || status === 429 ? "unavailable" : "forbidden",
        `was answered with status ${status}`,
      );
    }
    const type = headers.get("content-type")?.split(";")[0].trim().toLowerCase() ?? "";
    if (type !== "application/json" && !type.endsWith("+json")) {
      return failed("forbidden", "is not served as application/json");
    }
    const document = parseClientDocument(id, body);
    if (typeof document === "string") return failed("forbidden", document);
    const cacheMs = cacheTime(headers.get("cache-control") ?? "");
    return {
      result: {
        id,
        ...document,
        grants: ["code"],
        document: {
          hash: createHash("sha256").update(JSON.stringify(document)).digest(),
          expiresAt: new Date(this.deps.clock.now() + cacheMs),
        },
      },
      cacheMs,
    };
  }

  /** The stored client with what its document says now; what the operator has set stays. */
  async #recordChange(
    stored: DocumentClient,
    fetched: DocumentClient,
  ): Promise<DocumentClient> {
    const { sql, clock } = this.deps;
    const { expiresAt } = stored.document;
    const hasChanged = !timingSafeEqual(stored.document.hash, fetched.document.hash);
    const isNewer = expiresAt < fetched.document.expiresAt;
    const changedAt = hasChanged ? new Date(clock.now()) : stored.document.changedAt;
    const client = {
      ...stored,
      name: fetched.name,
      homepage: fetched.homepage,
      redirectUris: fetched.redirectUris,
      document: { ...fetched.document, changedAt },
    };
    if (!hasChanged && !isNewer) return client;
    await sql.begin(async (tx) => {
      const updated = await updateDocumentClient(tx, client);
      if (!updated?.changed) return;
      await deleteConsentsOfClient(tx, client.id);
      await recordAuditEvent(tx, clock, {
        event: "client.document_changed",
        actor: "server",
        subject: client.id,
        details: { name: client.name },
      });
    });
    return client;
  }
}

/** For how long a response may be used (RFC 9111 section 5.2.2.1), within the bounds, in ms. */
function cacheTime(cacheControl: string): number {
  const seconds = /(?:^|[ ,])max-age=(\d{1,9})/.exec(cacheControl)?.[1];
  const requestedMs = /(?:^|[ ,])no-(?:store|cache)/.test(cacheControl)
    ? 0
    : seconds === undefined
    ? CACHE_MS.default
    : Number(seconds) * 1000;
  return Math.min(CACHE_MS.max, Math.max(CACHE_MS.min, requestedMs));
}
