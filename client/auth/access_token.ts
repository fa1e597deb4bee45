/** A token that a command prints or sends. */
export interface AccessToken {
  token: string;
  /** In ms since the epoch; undefined if not known. */
  expiresAt: number | undefined;
  scope: string | undefined;
  /** The longest lifetime, in ms, that a token from this source can have; undefined if not known. */
  maxLifetimeMs?: number;
}
