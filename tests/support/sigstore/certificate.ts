/** Certificates as Fulcio issues them: with the identity of a workflow, and proof of their log. */
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { bits, der, integer, octets, oid, sequence, time, utf8, yes } from "./der.ts";

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const FULCIO = "1.3.6.1.4.1.57264.1";

export interface KeyPair {
  privateKey: KeyObject;
  /** As SubjectPublicKeyInfo, in DER. */
  publicKey: Buffer;
}

export interface Authority extends KeyPair {
  name: Buffer;
  certificate: Buffer;
}

/** The identity that Fulcio reads from the token of a workflow. */
export interface WorkflowIdentity {
  issuer: string;
  /** `https://github.com/OWNER/NAME/.github/workflows/FILE@REF`. */
  workflow: string;
  repository: string;
  ref: string;
  /** `github-hosted` or `self-hosted`; without the extension if undefined. */
  runner: string | undefined;
}

export interface Validity {
  /** In ms since 1970. */
  from: number;
  to: number;
}

export function createKeyPair(kind: "P-256" | "Ed25519" = "P-256"): KeyPair {
  const { privateKey, publicKey } = kind === "Ed25519"
    ? generateKeyPairSync("ed25519")
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey, publicKey: publicKey.export({ type: "spki", format: "der" }) as Buffer };
}

export const sha256 = (...data: Uint8Array[]): Buffer =>
  createHash("sha256").update(Buffer.concat(data)).digest();

/** A certificate authority that signs itself. */
export function createAuthority(commonName: string, validity: Validity): Authority {
  const keys = createKeyPair();
  const name = distinguishedName(commonName);
  const tbs = toBeSigned(name, name, keys.publicKey, validity, [
    extension("2.5.29.19", sequence(yes), true),
    extension("2.5.29.15", der(0x03, Buffer.from([1, 0x06])), true),
    extension("2.5.29.14", octets(keyIdentifier(keys))),
  ]);
  return { ...keys, name, certificate: signed(tbs, keys) };
}

/** A certificate for `keys`, with the timestamp of the log of certificates `log` if there is one. */
export function issueCertificate(
  authority: Authority,
  keys: KeyPair,
  identity: WorkflowIdentity,
  validity: Validity,
  log: KeyPair | undefined,
): Buffer {
  const { issuer, workflow, repository, ref, runner } = identity;
  const extensions = [
    extension("2.5.29.15", der(0x03, Buffer.from([7, 0x80])), true),
    extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.3"))),
    extension("2.5.29.14", octets(keyIdentifier(keys))),
    extension("2.5.29.35", sequence(der(0x80, keyIdentifier(authority)))),
    extension("2.5.29.17", sequence(der(0x86, Buffer.from(workflow))), true),
    extension(`${FULCIO}.8`, utf8(issuer)),
    ...runner === undefined ? [] : [extension(`${FULCIO}.11`, utf8(runner))],
    extension(`${FULCIO}.12`, utf8(repository)),
    extension(`${FULCIO}.14`, utf8(ref)),
  ];
  const tbs = (more: Buffer[]) =>
    toBeSigned(authority.name, sequence(), keys.publicKey, validity, [...extensions, ...more]);
  const timestamps = log === undefined
    ? []
    : [extension("1.3.6.1.4.1.11129.2.4.2", timestampList(tbs([]), authority, log, validity.from))];
  return signed(tbs(timestamps), authority);
}

/** A list with one SignedCertificateTimestamp (RFC 6962 section 3.2). */
function timestampList(tbs: Buffer, authority: KeyPair, log: KeyPair, now: number): Buffer {
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64BE(BigInt(now));
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const entry = Buffer.concat([
    ...[Buffer.from([0, 0]), timestamp, Buffer.from([0, 1])],
    ...[sha256(authority.publicKey), length, tbs, Buffer.from([0, 0])],
  ]);
  const signature = sign("sha256", entry, log.privateKey);
  const sct = Buffer.concat([
    ...[Buffer.from([0]), sha256(log.publicKey), timestamp, Buffer.from([0, 0])],
    ...[Buffer.from([4, 3, 0, signature.length]), signature],
  ]);
  return octets(Buffer.from([0, sct.length + 2, 0, sct.length]), sct);
}

function toBeSigned(
  issuer: Buffer,
  subject: Buffer,
  publicKey: Buffer,
  { from, to }: Validity,
  extensions: Buffer[],
): Buffer {
  return sequence(
    der(0xa0, integer(2)),
    integer(Buffer.concat([Buffer.from([1]), randomSerial])),
    ECDSA_SHA256,
    issuer,
    sequence(time(from), time(to)),
    subject,
    publicKey,
    der(0xa3, sequence(...extensions)),
  );
}

/** The same in both forms of a certificate, with and without its timestamp. */
const randomSerial = randomBytes(8);

function signed(tbs: Buffer, { privateKey }: KeyPair): Buffer {
  return sequence(tbs, ECDSA_SHA256, bits(sign("sha256", tbs, privateKey)));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid("2.5.4.3"), utf8(commonName))));
}

function keyIdentifier({ publicKey }: KeyPair): Buffer {
  return createHash("sha1").update(publicKey).digest();
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...critical ? [yes] : [], octets(value));
}
