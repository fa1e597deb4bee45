/** An authenticator in software, which can also misbehave (WebAuthn section 6). */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { Buffer } from "node:buffer";
import { DomainError } from "../../server/domain_error.ts";
import { registrationOptions } from "../../server/passkeys/options.ts";
import { registerPasskey } from "../../server/passkeys/register.ts";
import type { User } from "../../server/store/users.ts";
import type { Shown } from "./page_visitor.ts";
import { ISSUER, type TestServer } from "./test_server.ts";

/** What a response has in place of what it should have. */
export interface Forgery {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  userVerified?: boolean;
  userPresent?: boolean;
  /** Of the client data. */
  crossOrigin?: boolean;
  topOrigin?: string;
  signCount?: number;
  backupEligible?: boolean;
  backedUp?: boolean;
  userHandle?: string | null;
  credentialId?: Uint8Array;
  /** Signs with a key of its own. */
  otherKey?: boolean;
}

/** `data-options` of a page. */
// deno-lint-ignore no-explicit-any
type Options = any;

/** What a page asks the browser for. */
export function optionsOf({ html }: Pick<Shown, "html">, ceremony: "create" | "get"): Options {
  const form = new RegExp(`data-passkey="${ceremony}" data-options="([^"]*)"`).exec(html);
  assert.ok(form, html);
  return JSON.parse(form[1].replaceAll("&quot;", '"').replaceAll("&amp;", "&"));
}

export interface SoftwareAuthenticator {
  credentialId: Buffer;
  /** As the browser submits it: JSON. */
  create(options: Options, forgery?: Forgery): string;
  get(options: Options, forgery?: Forgery): string;
}

export function softwareAuthenticator(
  {
    aaguid = "00000000-0000-0000-0000-000000000000",
    transports = ["internal"],
    counts = true,
    synced = false,
  } = {},
): SoftwareAuthenticator {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const credentialId = randomBytes(32);
  let signCount = 0;
  let userHandle: string | undefined;

  const authenticatorData = (rpId: string, forgery: Forgery, attested?: Buffer) => {
    const {
      userPresent = true,
      userVerified = true,
      backupEligible = synced,
      backedUp = synced,
    } = forgery;
    const flags = (userPresent ? 1 : 0) | (userVerified ? 4 : 0) | (backupEligible ? 8 : 0) |
      (backedUp ? 16 : 0) | (attested === undefined ? 0 : 64);
    if (counts) signCount++;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(forgery.signCount ?? signCount);
    return Buffer.concat([
      sha256(forgery.rpId ?? rpId),
      Buffer.from([flags]),
      counter,
      attested ?? Buffer.alloc(0),
    ]);
  };

  return {
    credentialId,
    create(options, forgery = {}) {
      userHandle = options.user.id;
      const id = forgery.credentialId ?? credentialId;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const attested = Buffer.concat([
        Buffer.from(aaguid.replaceAll("-", ""), "hex"),
        length,
        id,
        coseKey(publicKey),
      ]);
      const authData = authenticatorData(options.rp.id, forgery, attested);
      const attestationObject = cborMap([
        [cborText("fmt"), cborText("none")],
        [cborText("attStmt"), cborMap([])],
        [cborText("authData"), cborBytes(authData)],
      ]);
      return toJson(id, {
        clientDataJSON: clientData(options, "webauthn.create", forgery).toString("base64url"),
        attestationObject: attestationObject.toString("base64url"),
        transports,
      });
    },
    get(options, forgery = {}) {
      const data = clientData(options, "webauthn.get", forgery);
      const authData = authenticatorData(options.rpId, forgery);
      const key = forgery.otherKey
        ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
        : privateKey;
      const signature = sign("sha256", Buffer.concat([authData, sha256(data)]), key);
      return toJson(forgery.credentialId ?? credentialId, {
        clientDataJSON: data.toString("base64url"),
        authenticatorData: authData.toString("base64url"),
        signature: signature.toString("base64url"),
        userHandle: forgery.userHandle === undefined ? userHandle : forgery.userHandle,
      });
    },
  };
}

/** Registers a passkey of `user`, and returns its id. */
export async function addPasskey(
  { parts }: TestServer,
  user: User,
  authenticator = softwareAuthenticator(),
): Promise<string> {
  const browserToken = "a browser";
  const options = await registrationOptions(parts, { user, browserToken });
  const credential = authenticator.create(options);
  const more = { browserToken, address: "192.0.2.1", userAgent: "Browser/1" };
  const added = await registerPasskey(parts, user.id, { credential, ...more });
  if (added instanceof DomainError) throw added;
  return added.id;
}

function clientData(options: Options, type: string, forgery: Forgery): Buffer {
  return Buffer.from(JSON.stringify({
    type: forgery.type ?? type,
    challenge: forgery.challenge ?? options.challenge,
    origin: forgery.origin ?? ISSUER,
    crossOrigin: forgery.crossOrigin ?? false,
    topOrigin: forgery.topOrigin,
  }));
}

function toJson(credentialId: Uint8Array, response: object): string {
  const id = Buffer.from(credentialId).toString("base64url");
  return JSON.stringify({ id, rawId: id, type: "public-key", response });
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash("sha256").update(data).digest();
}

/** RFC 9053 section 7.1.1, with ES256. */
function coseKey(publicKey: KeyObject): Buffer {
  const { x, y } = publicKey.export({ format: "jwk" });
  return cborMap([
    [Buffer.from([0x01]), Buffer.from([0x02])],
    [Buffer.from([0x03]), Buffer.from([0x26])],
    [Buffer.from([0x20]), Buffer.from([0x01])],
    [Buffer.from([0x21]), cborBytes(Buffer.from(x!, "base64url"))],
    [Buffer.from([0x22]), cborBytes(Buffer.from(y!, "base64url"))],
  ]);
}

/** RFC 8949 section 3. */
function cborHead(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(3, text.length), Buffer.from(text)]);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(2, bytes.length), bytes]);
}

function cborMap(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([cborHead(5, entries.length), ...entries.flat()]);
}
