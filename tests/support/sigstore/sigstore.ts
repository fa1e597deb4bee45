/**
 * A Sigstore of a test: an authority, a log of certificates and a transparency log, whose bundles
 * have the structure of those that GitHub Actions attaches to a release.
 */
import { Buffer } from "node:buffer";
import { sign } from "node:crypto";
import { WORKFLOW_ISSUER } from "../../../client/upgrade/provenance.ts";
import {
  createAuthority,
  createKeyPair,
  issueCertificate,
  type KeyPair,
  sha256,
  type WorkflowIdentity,
} from "./certificate.ts";

const LOG_HOST = "rekor.example.com";
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export interface Subject {
  name: string;
  sha256: string;
}

/** What a bundle has that a good one does not. */
export interface Flaws {
  identity?: Partial<WorkflowIdentity>;
  predicateType?: string;
  /** Minutes between the start of the certificate, which is valid for ten, and the signature. */
  signedAfterMinutes?: number;
  withoutCertificateLog?: boolean;
  withoutLogEntry?: boolean;
  /** The entry is that of another statement. */
  foreignLogEntry?: boolean;
}

export interface Sigstore {
  /** As `trusted_root.json`. */
  trustedRoot: unknown;
  /** The bundle of a release, as text. */
  attest(subjects: readonly Subject[], identity: WorkflowIdentity, flaws?: Flaws): string;
}

/** The identity of a workflow that runs for the tag of `version`. */
export function releaseIdentity(
  release: { repository: string; signerWorkflow: string },
  version: string,
): WorkflowIdentity {
  const ref = `refs/tags/v${version}`;
  return {
    issuer: WORKFLOW_ISSUER,
    workflow: `https://github.com/${release.signerWorkflow}@${ref}`,
    repository: `https://github.com/${release.repository}`,
    ref,
    runner: "github-hosted",
  };
}

export interface SigstoreOptions {
  /** When the trusted root stops trusting the authority, in ms since 1970. */
  authorityUntil?: number;
  /** The key of the transparency log: Sigstore has one of each kind. */
  logKey?: "P-256" | "Ed25519";
}

export function createSigstore({ authorityUntil, logKey }: SigstoreOptions = {}): Sigstore {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const validity = { from: now - 30 * DAY_MS, to: now + 30 * DAY_MS };
  const authority = createAuthority("fulcio.example.com", validity);
  const certificateLog = createKeyPair();
  const log = createKeyPair(logKey);
  const start = new Date(validity.from).toISOString();
  return {
    trustedRoot: {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [logInstance(`https://${LOG_HOST}`, log, start)],
      certificateAuthorities: [{
        subject: { organization: "example.com", commonName: "fulcio.example.com" },
        uri: "https://fulcio.example.com",
        certChain: { certificates: [{ rawBytes: authority.certificate.toString("base64") }] },
        validFor: {
          start,
          ...authorityUntil === undefined ? {} : { end: new Date(authorityUntil).toISOString() },
        },
      }],
      ctlogs: [logInstance("https://ctfe.example.com", certificateLog, start)],
      timestampAuthorities: [],
    },
    attest(subjects, identity, flaws = {}) {
      const keys = createKeyPair();
      const certificate = issueCertificate(
        authority,
        keys,
        { ...identity, ...flaws.identity },
        { from: now, to: now + 10 * MINUTE_MS },
        flaws.withoutCertificateLog ? undefined : certificateLog,
      );
      const { predicateType = "https://slsa.dev/provenance/v1" } = flaws;
      const payload = Buffer.from(JSON.stringify({
        _type: "https://in-toto.io/Statement/v1",
        subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
        predicateType,
        predicate: {},
      }));
      const signature = sign("sha256", preAuthEncoding(payload), keys.privateKey);
      const loggedPayload = flaws.foreignLogEntry ? Buffer.from("{}") : payload;
      const time = now / 1000 + 60 * (flaws.signedAfterMinutes ?? 0);
      const entry = logEntry(log, loggedPayload, signature, certificate, time);
      return JSON.stringify({
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          certificate: { rawBytes: certificate.toString("base64") },
          tlogEntries: flaws.withoutLogEntry ? [] : [entry],
          timestampVerificationData: {},
        },
        dsseEnvelope: {
          payload: payload.toString("base64"),
          payloadType: PAYLOAD_TYPE,
          signatures: [{ sig: signature.toString("base64") }],
        },
      });
    },
  };
}

/** The first entry of a log, with its promise and its proof. */
function logEntry(
  log: KeyPair,
  payload: Buffer,
  signature: Buffer,
  certificate: Buffer,
  integratedTime: number,
) {
  const pem = `-----BEGIN CERTIFICATE-----\n${
    certificate.toString("base64")
  }\n-----END CERTIFICATE-----\n`;
  const body = Buffer.from(canonicalJson({
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      envelopeHash: { algorithm: "sha256", value: sha256(payload, signature).toString("hex") },
      payloadHash: { algorithm: "sha256", value: sha256(payload).toString("hex") },
      signatures: [{
        signature: signature.toString("base64"),
        verifier: Buffer.from(pem).toString("base64"),
      }],
    },
  }));
  const logId = sha256(log.publicKey);
  const promise = canonicalJson({
    body: body.toString("base64"),
    integratedTime,
    logID: logId.toString("hex"),
    logIndex: 0,
  });
  const rootHash = sha256(Buffer.from([0]), body).toString("base64");
  const note = `${LOG_HOST} - 1\n1\n${rootHash}\n`;
  const noteSignature = Buffer.concat([
    logId.subarray(0, 4),
    signLogged(note, log),
  ]).toString("base64");
  return {
    logIndex: "0",
    logId: { keyId: logId.toString("base64") },
    kindVersion: { kind: "dsse", version: "0.0.1" },
    integratedTime: String(integratedTime),
    inclusionPromise: {
      signedEntryTimestamp: signLogged(promise, log).toString("base64"),
    },
    inclusionProof: {
      logIndex: "0",
      rootHash,
      treeSize: "1",
      hashes: [],
      checkpoint: { envelope: `${note}\n\u2014 ${LOG_HOST} ${noteSignature}\n` },
    },
    canonicalizedBody: body.toString("base64"),
  };
}

function signLogged(text: string, { privateKey }: KeyPair): Buffer {
  const digest = privateKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  return sign(digest, Buffer.from(text), privateKey);
}

function logInstance(baseUrl: string, { publicKey, privateKey }: KeyPair, start: string) {
  return {
    baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: {
      rawBytes: publicKey.toString("base64"),
      keyDetails: privateKey.asymmetricKeyType === "ed25519"
        ? "PKIX_ED25519"
        : "PKIX_ECDSA_P256_SHA_256",
      validFor: { start },
    },
    logId: { keyId: sha256(publicKey).toString("base64") },
  };
}

/** Dead Simple Signing Envelope, protocol.md. */
function preAuthEncoding(payload: Buffer): Buffer {
  const head = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** RFC 8785, of objects whose keys are written in order above. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value);
}
