import type { Log } from "../log.ts";
import { type Encryption, EncryptionKeyError } from "../security/encryption.ts";
import type { Sql } from "../store/db/connect.ts";
import { listTokenFormats, type StoredTokenFormat } from "../store/token_formats.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { type CompiledFormat, compileFormat } from "../tokens/token_format.ts";
import { tokenHashHex } from "../tokens/token_hash.ts";

/** What a presented text can be the personal access token of: ours, or one of another system. */
export class TokenFormats {
  #formats: readonly CompiledFormat[] = [];

  constructor(
    private readonly sql: Sql,
    private readonly encryption: Encryption,
    private readonly log: Log,
  ) {}

  /** Reads the formats again. One whose key cannot be decrypted is left out, and logged. */
  async reload(): Promise<void> {
    const stored = await listTokenFormats(this.sql);
    const compiled = await Promise.all(stored.map((format) => this.#compile(format)));
    this.#formats = compiled.filter((format) => format !== undefined);
  }

  async #compile({ key, ...format }: StoredTokenFormat): Promise<CompiledFormat | undefined> {
    const place = { column: "token_formats.hash_key", row: format.name } as const;
    try {
      return await compileFormat({
        ...format,
        key: key && this.encryption.decrypt(key, place),
      });
    } catch (error) {
      if (!(error instanceof EncryptionKeyError)) throw error;
      this.log("error", "secret_unreadable", { reason: error.message });
      return undefined;
    }
  }

  /**
   * The hashes (in hex) by which a text may be stored as a personal access token; none if it cannot
   * be one.
   */
  hashesOf(text: string): string[] {
    if (isPersonalAccessToken(text)) return [tokenHashHex(text)];
    return this.#formats.filter((format) => format.matches(text))
      .map((format) => format.hash(text));
  }
}
