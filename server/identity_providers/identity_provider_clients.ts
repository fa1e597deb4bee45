import type { Clock } from "../../shared/clock.ts";
import type { OutboundHttp } from "../outbound/outbound_http.ts";
import { type Encryption, EncryptionKeyError } from "../security/encryption.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  type IdentityProvider,
  readProviderSecret,
  replaceProviderSecret,
} from "../store/identity_providers.ts";
import { UpstreamFailure } from "./failure.ts";
import type { UpstreamClient } from "./protocol.ts";
import { clientSecretPlace, unseal } from "./sealed_text.ts";
import { templateOf } from "./templates.ts";

/** A discovery document is fetched again after this long. */
const MAX_AGE_MS = 10 * 60_000;
/** After a failure a provider gets no request for this long, however many users try. */
const FAILURE_INTERVAL_MS = 5_000;
/** Providers are few; a provider that was changed has a new entry. */
const MAX_ENTRIES = 100;

export interface ClientsDeps {
  sql: Sql;
  clock: Clock;
  http: OutboundHttp;
  encryption: Encryption;
  config: { privateIdentityProviders: boolean };
}

interface Entry {
  at: number;
  connection: Promise<UpstreamClient | UpstreamFailure>;
  failed: boolean;
}

/** The clients of all identity providers. Each has an entry of its own: one that hangs delays no other. */
export class IdentityProviderClients {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly deps: ClientsDeps) {}

  async connect(provider: IdentityProvider): Promise<UpstreamClient | UpstreamFailure> {
    const stored = await readProviderSecret(this.deps.sql, provider.name);
    if (stored === undefined) {
      return new UpstreamFailure("provider_disabled", "The provider was removed.");
    }
    const { createdAt: _, disabledAt: __, ...settings } = provider;
    const key = JSON.stringify([settings, [...stored]]);
    const now = this.deps.clock.now();
    const known = this.#entries.get(key);
    const maxAge = known?.failed ? FAILURE_INTERVAL_MS : MAX_AGE_MS;
    if (known !== undefined && Math.abs(now - known.at) < maxAge) return await known.connection;
    const entry: Entry = { at: now, connection: this.#connect(provider, stored), failed: false };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break;
      this.#entries.delete(oldest);
    }
    const connection = await entry.connection;
    entry.failed = connection instanceof UpstreamFailure;
    return connection;
  }

  async #connect(
    provider: IdentityProvider,
    stored: Uint8Array,
  ): Promise<UpstreamClient | UpstreamFailure> {
    const { sql, clock, http, encryption, config } = this.deps;
    const place = clientSecretPlace(provider.name);
    let clientSecret: string;
    try {
      clientSecret = unseal(this.deps, stored, place);
    } catch (error) {
      if (!(error instanceof EncryptionKeyError)) throw error;
      return new UpstreamFailure("secret_unreadable", error.message);
    }
    const improved = encryption.improve(stored, place);
    if (improved !== undefined) {
      await replaceProviderSecret(sql, { name: provider.name, from: stored, to: improved });
    }
    const parameters = {
      provider,
      clientSecret,
      clock,
      http,
      allowPrivate: config.privateIdentityProviders,
    };
    // openid-client is loaded when the first user signs in with a provider.
    return templateOf(provider).protocol === "github"
      ? (await import("./github.ts")).connectGithub(parameters)
      : await (await import("./openid.ts")).connectOpenId(parameters);
  }
}
