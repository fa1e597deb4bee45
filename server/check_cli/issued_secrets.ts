import { brand } from "../../shared/brand.ts";

export type SecretKind = "refresh_token" | "access_token";

/** All refresh tokens of a login start with its handle; this many characters identify it. */
const HANDLE_CHARACTERS = 18;

/** What the server issued to the command, to be recognized where it must not be. */
export class IssuedSecrets {
  /** Texts that only the refresh tokens of a login contain, as they are and in base64. */
  #refreshTokenParts = new Set<string>();
  #accessTokens = new Set<string>();
  #latestRefreshToken?: string;

  addRefreshToken(token: string): void {
    this.#latestRefreshToken = token;
    const part = token.slice(0, brand.tokenPrefixes.refreshToken.length + HANDLE_CHARACTERS);
    if (this.#refreshTokenParts.has(part)) return;
    this.#refreshTokenParts.add(part);
    // Base64 of a text that contains it, wherever it starts in a group of three bytes.
    for (const offset of [0, 1, 2]) {
      const encoded = btoa(" ".repeat(offset) + part).replaceAll("=", "");
      this.#refreshTokenParts.add(encoded.slice(offset === 0 ? 0 : offset + 1, -1));
    }
  }

  addAccessToken(token: string): void {
    this.#accessTokens.add(token);
  }

  /** The newest one: it shows whether the login is still valid. */
  get latestRefreshToken(): string | undefined {
    return this.#latestRefreshToken;
  }

  containsRefreshToken(text: string): boolean {
    for (const part of this.#refreshTokenParts) if (text.includes(part)) return true;
    return false;
  }

  /** The different access tokens in `text`. */
  accessTokensIn(text: string): string[] {
    const candidates = text.split(/[^\w.-]/).map((word) =>
      word.endsWith(".") ? word.slice(0, -1) : word
    );
    return [...new Set(candidates.filter((word) => this.#accessTokens.has(word)))];
  }

  /** The kinds of secrets in `text`. */
  kindsIn(text: string): SecretKind[] {
    return [
      ...this.containsRefreshToken(text) ? ["refresh_token" as const] : [],
      ...this.accessTokensIn(text).length > 0 ? ["access_token" as const] : [],
    ];
  }
}
