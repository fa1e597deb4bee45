import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken, hasTokenForm } from "../../shared/tokens/format.ts";
import { tokenHash } from "./token_hash.ts";

const PREFIX = brand.tokenPrefixes.directoryToken;
/** 256 bits. */
const SECRET_LENGTH = 32;
/** Of these characters 7 are random. */
const DISPLAYED_LENGTH = 12;

/** A token with which a directory provisions users. */
export interface DirectoryToken {
  token: string;
  /** In base64: the operations of operators take JSON, and never the token. */
  hash: string;
  /** The part that lists show. */
  prefix: string;
}

export function generateDirectoryToken(): DirectoryToken {
  const token = formatToken(PREFIX, randomBytes(SECRET_LENGTH));
  return {
    token,
    hash: btoa(String.fromCharCode(...tokenHash(token))),
    prefix: token.slice(0, DISPLAYED_LENGTH),
  };
}

/** Whether a text has the form of a directory's token, without a look-up. */
export function isDirectoryToken(text: string): boolean {
  return hasTokenForm(PREFIX, text, SECRET_LENGTH);
}
