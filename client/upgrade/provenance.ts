/**
 * Who built a file of a release: a Sigstore bundle with SLSA provenance. Loaded only for that,
 * since no other command needs the library.
 */
import { type Bundle, bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { type Signer, toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { withDefaultDigest } from "./default_digest.ts";

/** GitHub Actions, as Fulcio names the issuer of a workflow's identity. */
export const WORKFLOW_ISSUER = "https://token.actions.githubusercontent.com";

/** What the provenance has to say. */
export interface ExpectedProvenance {
  /** On GitHub: `owner/name`. */
  repository: string;
  /** `owner/name/.github/workflows/FILE`, in that repository or one with reusable workflows. */
  signerWorkflow: string;
  version: string;
  file: { name: string; sha256: string };
}

/** Extensions of the certificate: github.com/sigstore/fulcio, docs/oid-info.md. */
const RUNNER_ENVIRONMENT = "1.3.6.1.4.1.57264.1.11";
const SOURCE_REPOSITORY_URI = "1.3.6.1.4.1.57264.1.12";
const SOURCE_REPOSITORY_REF = "1.3.6.1.4.1.57264.1.14";

const IN_TOTO = "application/vnd.in-toto+json";
const SLSA_PROVENANCE = "https://slsa.dev/provenance/v1";

export interface ProvenanceProblem {
  /** `signature`: it may be valid by other authorities and logs than those given. */
  kind: "signature" | "content";
  /** A clause. */
  text: string;
}

/**
 * Undefined if `bundle` proves it, by the authorities and logs of one of `trustedRoots`; else why
 * not.
 */
export async function findProvenanceProblem(
  bundle: string,
  expected: ExpectedProvenance,
  trustedRoots: readonly unknown[] | undefined,
): Promise<ProvenanceProblem | undefined> {
  let parsed: Bundle;
  try {
    parsed = bundleFromJSON(JSON.parse(bundle));
  } catch (error) {
    return { kind: "content", text: `it is not a Sigstore bundle (${messageOf(error)})` };
  }
  const roots = trustedRoots ?? [await embeddedRoot()];
  let signer: Signer | undefined;
  let problem = "there is no trusted root";
  for (const root of roots) {
    try {
      // One entry in a transparency log, its time, and one in a log of certificates: the defaults.
      const trusted = toTrustMaterial(TrustedRoot.fromJSON(root));
      signer = withDefaultDigest(() => new Verifier(trusted).verify(toSignedEntity(parsed)));
      break;
    } catch (error) {
      problem = messageOf(error);
    }
  }
  if (signer === undefined) {
    return { kind: "signature", text: `its signature is not valid (${problem})` };
  }
  const text = identityProblem(signer, expected) ?? statementProblem(parsed, expected);
  return text === undefined ? undefined : { kind: "content", text };
}

/** The authorities and logs of Sigstore's public instance. */
async function embeddedRoot(): Promise<unknown> {
  const { default: root } = await import("./trusted_root.json", { with: { type: "json" } });
  return root;
}

function identityProblem(
  { identity }: Signer,
  { repository, signerWorkflow, version }: ExpectedProvenance,
): string | undefined {
  const issuer = identity?.extensions?.issuer;
  if (issuer !== WORKFLOW_ISSUER) return `it was signed with an identity of ${issuer ?? "nobody"}`;
  const ref = `refs/tags/v${version}`;
  const workflow = identity?.subjectAlternativeName ?? "";
  const start = `https://github.com/${signerWorkflow}@`;
  // A reusable workflow of another repository has a version of its own.
  const isOwn = signerWorkflow.startsWith(`${repository}/`);
  if (isOwn ? workflow !== `${start}${ref}` : !workflow.startsWith(start)) {
    return `it was signed by ${workflow}, not by that workflow${isOwn ? ` at ${ref}` : ""}`;
  }
  const source = extension(identity, SOURCE_REPOSITORY_URI);
  if (source !== `https://github.com/${repository}`) {
    return `it was built from ${source ?? "an unknown repository"}, not from ${repository}`;
  }
  const sourceRef = extension(identity, SOURCE_REPOSITORY_REF);
  if (sourceRef !== ref) return `it was built from ${sourceRef ?? "no tag"}, not ${ref}`;
  // A runner that was registered for the repository can have the label that a job asks for.
  const runner = extension(identity, RUNNER_ENVIRONMENT);
  return runner === "github-hosted"
    ? undefined
    : `it was signed on a runner that is ${runner ?? "of an unknown kind"}, not github-hosted`;
}

/** The text of an extension, which is a UTF8String in DER. */
function extension(identity: Signer["identity"], id: string): string | undefined {
  const value = identity?.oids?.find(({ oid }) => oid?.id.join(".") === id)?.value;
  const isShortText = value !== undefined && value[0] === 0x0c && value[1] === value.length - 2;
  if (isShortText) return new TextDecoder().decode(value.subarray(2));
  // Longer than 127 bytes: the length has a byte of its own.
  const isText = value?.[0] === 0x0c && value[1] === 0x81 && value[2] === value.length - 3;
  return isText ? new TextDecoder().decode(value.subarray(3)) : undefined;
}

function statementProblem({ content }: Bundle, { file }: ExpectedProvenance): string | undefined {
  if (content.$case !== "dsseEnvelope" || content.dsseEnvelope.payloadType !== IN_TOTO) {
    return "it has no in-toto statement";
  }
  let statement: Record<string, unknown>;
  try {
    statement = Object(JSON.parse(content.dsseEnvelope.payload.toString("utf8")));
  } catch {
    return "its statement is not JSON";
  }
  if (statement.predicateType !== SLSA_PROVENANCE) return "its statement is not SLSA provenance";
  const subjects = Array.isArray(statement.subject) ? statement.subject.map(Object) : [];
  const isSubject = subjects.some(({ name, digest }) =>
    name === file.name && Object(digest).sha256 === file.sha256
  );
  return isSubject ? undefined : `it is not about ${file.name} with this content`;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
