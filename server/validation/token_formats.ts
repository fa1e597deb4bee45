import type { Encryption } from "../security/encryption.ts";
import type { Sql } from "../store/db/connect.ts";
import { listTokenFormats } from "../store/token_formats.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { type CompiledFormat, compileFormat } from "../tokens/token_format.ts";
import { tokenHashHex } from "../tokens/token_hash.ts";

/** What a presented text can be the personal access token of: ours, or one of another system. */
export class TokenFormats {
  #formats: readonly CompiledFormat[] = [];

  constructor(private readonly sql: Sql, private readonly encryption: Encryption) {}

  /** Reads the formats again. */
  async reload(): Promise<void> {
    const stored = await listTokenFormats(this.sql);
    this.#formats = await Promise.all(
      stored.map(({ key, ...format }) =>
        compileFormat({ ...format, key: key && this.encryption.decrypt(key) })
      ),
    );
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
