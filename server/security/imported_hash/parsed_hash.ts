/** A password hash of another system, with the parameters that it was computed with. */
export type ParsedHash = BcryptHash | Argon2Hash | ScryptHash | Pbkdf2Hash;

export interface BcryptHash {
  kind: "bcrypt";
  cost: number;
  /** The whole modular crypt string. */
  text: string;
}

export interface Argon2Hash {
  kind: "argon2";
  type: "argon2id" | "argon2i";
  version: number;
  /** In KiB. */
  memory: number;
  passes: number;
  parallelism: number;
  salt: Uint8Array;
  key: Uint8Array;
}

export interface ScryptHash {
  kind: "scrypt";
  log2N: number;
  r: number;
  p: number;
  salt: Uint8Array;
  key: Uint8Array;
}

export interface Pbkdf2Hash {
  kind: "pbkdf2";
  digest: "sha1" | "sha256" | "sha512";
  iterations: number;
  salt: Uint8Array;
  key: Uint8Array;
}
