import { trustAuthorities } from "../../shared/certificate_authorities.ts";
import { authoritySources } from "../config/authority_sources.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { defaultIssuer } from "../config/default_issuer.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { JwksCache } from "../federation/jwks_cache.ts";
import type { ServerIo } from "../io.ts";
import type { LogFields } from "../log.ts";
import { Mail } from "../notifications/mail.ts";
import { Webhook } from "../notifications/webhook.ts";
import { openStorage } from "../open_store.ts";
import { machineNetwork } from "../outbound/network.ts";
import { ResourceCatalog } from "../resources/catalog.ts";
import { OutboundHttp } from "../outbound/outbound_http.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import type { AdminDeps } from "./operation.ts";
import {
  execute,
  type OperationName,
  type OperationParams,
  type OperationResult,
} from "./operations.ts";
import { callAdminRpc, describeHeldDatabase } from "./rpc.ts";

/** How often to try to open a folder that another process holds, and the pause in between. */
const ATTEMPTS = 50;
const PAUSE_MS = 200;

/** Operations that create the database if there is none: an installation begins with a user. */
const CREATING: readonly OperationName[] = ["addUser", "importUsers"];

/**
 * Executes an operation on the database or, if a running server holds the embedded one, by that
 * server. `onOpen` is called with the description of the database before the operation. Throws
 * NoDatabase and CertificateAuthorityError.
 */
export async function runOperation<Name extends OperationName>(
  name: Name,
  params: OperationParams<Name>,
  config: ServerConfig,
  io: ServerIo,
  onOpen: (database: string) => void,
): Promise<OperationResult<Name>> {
  await using session = new OperationSession(config, io, onOpen);
  return await session.run(name, params);
}

/** Executes several operations as runOperation does, and opens the database once for all of them. */
export class OperationSession implements AsyncDisposable {
  #opened?: { deps: AdminDeps; close(): Promise<void> };
  #isDescribed = false;

  constructor(
    private readonly config: ServerConfig,
    private readonly io: ServerIo,
    private readonly onOpen: (database: string) => void,
  ) {
    trustAuthorities(authoritySources(config, io));
  }

  async run<Name extends OperationName>(
    name: Name,
    params: OperationParams<Name>,
  ): Promise<OperationResult<Name>> {
    const { config, io } = this;
    const isDryRun = "dryRun" in params && params.dryRun === true;
    const purpose = CREATING.includes(name) && !isDryRun ? "create" : "use";
    for (let attempt = 1; this.#opened === undefined; attempt++) {
      try {
        this.#opened = await this.#open(purpose);
      } catch (error) {
        if (!(error instanceof FolderLocked)) throw error;
        const describe = () => this.#describe(describeHeldDatabase(config.dataDir));
        const response = await callAdminRpc(config.dataDir, name, params, describe);
        if (response !== undefined) return response.result as OperationResult<Name>;
        // The server is starting or stopping, or another command holds the folder.
        if (attempt === ATTEMPTS || io.signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    return await execute(name, this.#opened.deps, params);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.close();
  }

  async #open(purpose: "create" | "use"): Promise<{ deps: AdminDeps; close(): Promise<void> }> {
    const { config, io } = this;
    const storage = await openStorage(config, io, purpose);
    const mail = new Mail(config.mail, (_level, _event, { reason }: LogFields = {}) => {
      io.stderr(`Warning: ${sanitizeLine(`an e-mail could not be sent: ${reason}`, 500)}.\n`);
    });
    const http = new OutboundHttp(machineNetwork(io.env));
    const webhook = new Webhook(
      config.webhook,
      io.clock,
      () => {},
      http,
      config.outboundPrivateAddresses,
    );
    const close = async () => {
      await Promise.all([mail.close(), webhook.close()]);
      await storage.database.close();
    };
    try {
      this.#describe(
        `${storage.database.description}${storage.isNew ? ", created just now" : ""}`,
      );
      const { sql } = storage.database;
      const issuer = config.issuer ?? defaultIssuer(config, config.listen);
      const deps = {
        mail,
        webhook,
        sql,
        clock: io.clock,
        keys: storage.keys,
        encryption: storage.encryption,
        secrets: storage.secrets,
        jwksCache: new JwksCache(io.clock, http, config.federation.privateIssuers),
        config,
        catalog: await ResourceCatalog.load({ sql, config, issuer }),
        issuer,
      };
      return { deps, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  #describe(database: string): void {
    if (!this.#isDescribed) this.onOpen(database);
    this.#isDescribed = true;
  }
}
