export interface TokenOwner {
  kind: "user" | "service_account";
  id: string;
  /** A user's e-mail address, or a service account's name. */
  username: string;
}

/** A personal access token without its secret. */
export interface PersonalAccessToken {
  id: string;
  owner: TokenOwner;
  name: string;
  /** What it is for, as its owner wrote it. */
  description?: string;
  /** The first characters of the token. */
  prefix: string;
  scope: string;
  audience: string;
  /** The identifier of a registered resource; undefined: the default one. */
  resource?: string;
  /** CIDR networks; empty: any address. */
  allowedAddresses: string[];
  createdAt: Date;
  /** Undefined: never. */
  expiresAt?: Date;
  lastUsedAt?: Date;
  lastUsedAddress?: string;
  lastUsedAgent?: string;
  revokedAt?: Date;
  revokedReason?: string;
  /** The token it replaces. */
  rotatedFrom?: string;
  /** The login it was created with; undefined: none, or one that was deleted. */
  createdByLogin?: string;
  /** Who reported it as leaked, and where it was found, if reported. */
  leak?: { at: Date; reporter: string; place?: string };
}

export interface NewToken {
  id: string;
  owner: { kind: TokenOwner["kind"]; id: string };
  name: string;
  description?: string;
  tokenHash: Uint8Array;
  prefix: string;
  scope: string;
  audience: string;
  /** The identifier of a registered resource; undefined: the default one. */
  resource?: string;
  allowedAddresses: string[];
  createdAt: Date;
  expiresAt?: Date;
  rotatedFrom?: string;
  createdByLogin?: string;
}

/** What validation needs of a token. Times are in ms since 1970. */
export interface TokenRecord {
  id: string;
  owner: { kind: TokenOwner["kind"]; id: string };
  scope: string;
  audience: string;
  /** The identifier of a registered resource; undefined: the default one. */
  resource?: string;
  allowedAddresses: string[];
  createdAt: number;
  /** Infinity: never. */
  expiresAt: number;
  revokedAt?: Date;
}

/** What validation needs of a token's owner. */
export interface OwnerRecord {
  id: string;
  /** The `sub` of the tokens. */
  subject: string;
  username: string;
  disabled: boolean;
  isAdmin: boolean;
  groups: readonly string[];
  /** A service account's scopes; undefined for users. */
  scope?: string;
}
