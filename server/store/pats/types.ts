/** Whose token it is. */
export interface TokenOwner {
  kind: "user" | "service_account";
  id: string;
  /** A person's e-mail address, or a service account's name. */
  username: string;
}

/** A personal access token, as lists show it: never the token itself. */
export interface PersonalAccessToken {
  id: string;
  owner: TokenOwner;
  name: string;
  /** Its first characters. */
  prefix: string;
  scope: string;
  audience: string;
  /** CIDR networks; empty: from anywhere. */
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
  /** The login it was created with; undefined: none, or one that is no longer known. */
  createdByLogin?: string;
  /** Who found it in the open, and where if that was told. */
  leak?: { at: Date; reporter: string; place?: string };
}

export interface NewToken {
  id: string;
  owner: { kind: TokenOwner["kind"]; id: string };
  name: string;
  tokenHash: Uint8Array;
  prefix: string;
  scope: string;
  audience: string;
  allowedAddresses: string[];
  createdAt: Date;
  expiresAt?: Date;
  rotatedFrom?: string;
  createdByLogin?: string;
}

/** What a check needs of a token. Times are in ms since 1970. */
export interface TokenRecord {
  id: string;
  owner: { kind: TokenOwner["kind"]; id: string };
  scope: string;
  audience: string;
  allowedAddresses: string[];
  createdAt: number;
  /** Infinity: never. */
  expiresAt: number;
  revokedAt?: Date;
}

/** What a check needs of a token's owner. */
export interface OwnerRecord {
  id: string;
  username: string;
  disabled: boolean;
  isAdmin: boolean;
  /** A service account's scopes; undefined for people. */
  scope?: string;
}
