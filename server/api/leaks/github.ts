import * as z from "zod/mini";
import { DomainError } from "../../domain_error.ts";
import { reportLeakedTokens } from "../../pats/report_leak.ts";
import { operation, type OperationDeps } from "../operation.ts";
import { Problem } from "../problem.ts";
import { githubAlertBody, githubResult } from "./schemas.ts";

/** GitHub sends many tokens at once. */
const MAX_ALERT_BYTES = 4 * 1024 * 1024;

export const githubAlert = operation({
  method: "post",
  path: "/api/v1/secret-scanning/github",
  id: "githubAlert",
  summary: "Receive an alert of the GitHub secret scanning partner program",
  description: "Signed by GitHub in the headers Github-Public-Key-Identifier and " +
    "Github-Public-Key-Signature.",
  access: "public",
  body: githubAlertBody,
  raw: true,
  // Only a current key may make the server read 4 MB.
  checkHeaders: async ({ githubKeys }, headers) =>
    await checkSignature(
      headers,
      async ({ keyId, signature }) => await githubKeys.couldHaveSigned(keyId, signature),
      "The signature is malformed, or its key is not a current one.",
    ),
  maxBytes: MAX_ALERT_BYTES,
  response: {
    status: 200,
    description: "Which of the tokens this server issued.",
    schema: githubResult,
  },
  problems: ["signature"],
  async handle(deps, { headers, bytes, client }) {
    const refusal = await checkSignature(
      headers,
      async ({ keyId, signature }) => await deps.githubKeys.hasSigned(keyId, signature, bytes),
      "The signature does not match the body and a current key.",
    );
    if (refusal !== undefined) return refusal;
    const alert = parseAlert(bytes);
    return alert instanceof Problem ? alert : await labelTokens(deps, alert, client.address);
  },
});

async function labelTokens(
  deps: OperationDeps,
  alert: z.output<typeof githubAlertBody>,
  address: string,
): Promise<z.output<typeof githubResult>> {
  const results = await reportLeakedTokens(
    deps,
    alert.map(({ token, url }) => ({ token, place: url ?? undefined })),
    { name: "github", address, verified: true },
  );
  return alert.map(({ token, type }, index) => ({
    token_raw: token,
    token_type: type,
    label: results[index].isOurs ? "true_positive" : "false_positive",
  }));
}

async function checkSignature(
  headers: Headers,
  verify: (signed: { keyId: string; signature: string }) => Promise<boolean | DomainError>,
  mismatch: string,
): Promise<Problem | DomainError | undefined> {
  const keyId = headers.get("github-public-key-identifier");
  const signature = headers.get("github-public-key-signature");
  if (keyId === null || signature === null) {
    return new Problem("signature", "This operation accepts signed alerts only.");
  }
  const verified = await verify({ keyId, signature });
  if (verified instanceof DomainError) return verified;
  return verified ? undefined : new Problem("signature", mismatch);
}

function parseAlert(bytes: Uint8Array): z.output<typeof githubAlertBody> | Problem {
  try {
    return z.parse(githubAlertBody, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return new Problem(
      "malformed",
      'The body must be a list like [{"token": …, "type": …, "url": …, "source": …}].',
    );
  }
}
