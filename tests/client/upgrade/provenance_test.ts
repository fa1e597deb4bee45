/** Which bundles prove who built a file, with real certificates and log entries. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type ExpectedProvenance,
  findProvenanceProblem,
} from "../../../client/upgrade/provenance.ts";
import {
  createSigstore,
  type Flaws,
  releaseIdentity,
  type Sigstore,
} from "../../support/sigstore/sigstore.ts";

const FILE = {
  name: "acmectl-1.2.3-x86_64-unknown-linux-gnu.tar.gz",
  sha256: createHash("sha256").update("the archive").digest("hex"),
};
const OWN = {
  repository: "acme/acmectl",
  signerWorkflow: "acme/acmectl/.github/workflows/release.yml",
};
const EXPECTED: ExpectedProvenance = { ...OWN, version: "1.2.3", file: FILE };

interface Case {
  flaws?: Flaws;
  expected?: Partial<ExpectedProvenance>;
  sigstore?: Sigstore;
  trusted?: Sigstore;
}

async function problem({ flaws, expected, sigstore = createSigstore(), trusted }: Case) {
  const bundle = sigstore.attest([FILE], releaseIdentity(OWN, "1.2.3"), flaws);
  const roots = [(trusted ?? sigstore).trustedRoot];
  return (await findProvenanceProblem(bundle, { ...EXPECTED, ...expected }, roots))?.text;
}

Deno.test("accepts what the workflow of the repository built for the tag", async () => {
  assert.equal(await problem({}), undefined);
});

Deno.test("accepts any version of a reusable workflow of another repository", async () => {
  const workflow = "acme/auth/.github/workflows/release-brand.yml";
  const identity = { workflow: `https://github.com/${workflow}@refs/heads/main` };
  const expected = { signerWorkflow: workflow };
  assert.equal(await problem({ flaws: { identity }, expected }), undefined);
});

Deno.test("accepts an entry of a log whose key is Ed25519", async () => {
  assert.equal(await problem({ sigstore: createSigstore({ logKey: "Ed25519" }) }), undefined);
});

const github = "https://github.com";
const REJECTED: Record<string, [RegExp, Case]> = {
  "another issuer": [/identity of https:\/\/gitlab/, {
    flaws: { identity: { issuer: "https://gitlab.com" } },
  }],
  "another workflow": [/signed by .*evil/, {
    flaws: {
      identity: { workflow: `${github}/acme/acmectl/.github/workflows/evil.yml@refs/tags/v1.2.3` },
    },
  }],
  "a workflow whose path continues": [/signed by/, {
    flaws: { identity: { workflow: `${github}/${OWN.signerWorkflow}.evil@refs/tags/v1.2.3` } },
  }],
  "the workflow at a branch": [/signed by/, {
    flaws: { identity: { workflow: `${github}/${OWN.signerWorkflow}@refs/heads/main` } },
  }],
  "another repository": [/built from .*fork/, {
    flaws: { identity: { repository: `${github}/fork/acmectl` } },
  }],
  "another tag": [/built from refs\/tags\/v1\.2\.2/, {
    flaws: { identity: { ref: "refs/tags/v1.2.2" } },
  }],
  "a self-hosted runner": [/runner that is self-hosted/, {
    flaws: { identity: { runner: "self-hosted" } },
  }],
  "a certificate that does not name the kind of runner": [/runner that is of an unknown kind/, {
    flaws: { identity: { runner: undefined } },
  }],
  "the provenance of another version": [/signed by/, { expected: { version: "1.2.4" } }],
  "another content": [/not about/, {
    expected: { file: { ...FILE, sha256: "0".repeat(64) } },
  }],
  "the same content by another name": [/not about/, {
    expected: { file: { ...FILE, name: "acmectl-1.2.3-aarch64-apple-darwin.tar.gz" } },
  }],
  "another kind of statement": [/not SLSA provenance/, {
    flaws: { predicateType: "https://spdx.dev/Document" },
  }],
  "an unknown authority": [/signature is not valid/, { trusted: createSigstore() }],
  "an authority that is no longer trusted": [/signature is not valid/, {
    sigstore: createSigstore({ authorityUntil: Date.now() - 86_400_000 }),
  }],
  "a signature after the certificate expired": [/expired/, { flaws: { signedAfterMinutes: 11 } }],
  "no entry in the transparency log": [/signature is not valid/, {
    flaws: { withoutLogEntry: true },
  }],
  "the log entry of something else": [/signature is not valid/, {
    flaws: { foreignLogEntry: true },
  }],
  "a certificate that is in no log": [/signature is not valid .*SCT/, {
    flaws: { withoutCertificateLog: true },
  }],
};

for (const [name, [pattern, testCase]] of Object.entries(REJECTED)) {
  Deno.test(`rejects ${name}`, async () => {
    assert.match(await problem(testCase) ?? "accepted", pattern);
  });
}

Deno.test("rejects a changed statement", async () => {
  const sigstore = createSigstore();
  const bundle = JSON.parse(sigstore.attest([FILE], releaseIdentity(OWN, "1.2.3")));
  const statement = atob(bundle.dsseEnvelope.payload).replace(FILE.sha256, "0".repeat(64));
  bundle.dsseEnvelope.payload = btoa(statement);
  const rejection = await findProvenanceProblem(JSON.stringify(bundle), {
    ...EXPECTED,
    file: { ...FILE, sha256: "0".repeat(64) },
  }, [sigstore.trustedRoot]);
  assert.match(rejection?.text ?? "accepted", /signature is not valid/);
});

Deno.test("rejects what is not a bundle", async () => {
  for (const text of ["", "{}", "null", "[]", "<html>"]) {
    const rejection = await findProvenanceProblem(text, EXPECTED, undefined);
    assert.match(rejection?.text ?? "accepted", /not a Sigstore bundle/);
  }
});

Deno.test("the authorities of Sigstore are trusted by default, and no others", async () => {
  const bundle = createSigstore().attest([FILE], releaseIdentity(OWN, "1.2.3"));
  const rejection = await findProvenanceProblem(bundle, EXPECTED, undefined);
  assert.match(rejection?.text ?? "accepted", /signature is not valid/);
});
