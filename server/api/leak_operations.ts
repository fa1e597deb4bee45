import * as z from "zod/mini";
import { subscriberNetwork } from "../http/client_ip.ts";
import { type FoundToken, reportLeakedTokens } from "../pats/report_leak.ts";
import { countAttempt } from "../store/failed_attempts.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { type ApiOperation, type ApiParts, type ApiRequest, operation } from "./operation.ts";
import { Problem } from "./problem.ts";
import { githubAlert, githubAnswer, gitlabReport, leakAnswer, leakReport } from "./schemas.ts";
import { KeysUnavailable } from "./secret_scanning_keys.ts";

/** Reports that tell nothing new, by one address: more is somebody trying. */
const REPORT_LIMIT = { limit: 60, windowSeconds: 15 * 60 };
/** GitHub sends many tokens at once. */
const MAX_ALERT_BYTES = 4 * 1024 * 1024;

export const leakOperations: readonly ApiOperation[] = [
  operation({
    method: "post",
    path: "/api/v1/revocations",
    id: "reportLeak",
    summary: "Report a token that lies where it does not belong",
    description: "Whoever holds a token may end it. Its owner is told, with the place if given.",
    access: "public",
    body: leakReport,
    answer: { status: 200, description: "What became of it.", schema: leakAnswer },
    problems: [429],
    async handle(parts, request) {
      const { token, url } = request.body;
      const [judgement] = await limitedReport(parts, request, "public", [{ token, place: url }]);
      return { revoked: judgement.ended };
    },
  }),
  operation({
    method: "post",
    path: "/api/v1/secret-scanning/gitlab",
    id: "gitlabReport",
    summary: "Report tokens in the words of GitLab's secret detection",
    access: "public",
    body: gitlabReport,
    maxBytes: 1024 * 1024,
    answer: { status: 204, description: "Taken; tokens of this server end." },
    problems: [429],
    async handle(parts, request) {
      const found = request.body.map(({ token, location }) => ({ token, place: location }));
      await limitedReport(parts, request, "gitlab", found);
    },
  }),
  operation({
    method: "post",
    path: "/api/v1/secret-scanning/github",
    id: "githubAlert",
    summary: "GitHub's secret scanning partner programme",
    description:
      "Signed by GitHub, in Github-Public-Key-Identifier and Github-Public-Key-Signature.",
    access: "public",
    body: githubAlert,
    raw: true,
    admit: requireGithubKey,
    maxBytes: MAX_ALERT_BYTES,
    answer: { status: 200, description: "Which are tokens of this server.", schema: githubAnswer },
    problems: [401],
    async handle(parts, request) {
      await requireGithubSignature(parts, request);
      const alert = readAlert(request.bytes);
      const judgements = await reportLeakedTokens(
        parts,
        alert.map(({ token, url }) => ({ token, place: url ?? undefined })),
        { name: "github", address: request.requester.address, proven: true },
      );
      return alert.map(({ token, type }, index) => ({
        token_raw: token,
        token_type: type,
        label: judgements[index].ours ? "true_positive" : "false_positive",
      }));
    },
  }),
];

/**
 * Looks first: a token of ours ends however much was reported from there before, since
 * many share an address. A report that tells nothing new is counted; look-alikes need no look-up.
 */
async function limitedReport(
  parts: ApiParts,
  { requester }: Pick<ApiRequest, "requester">,
  name: string,
  found: FoundToken[],
) {
  if (!found.some(({ token }) => isPersonalAccessToken(token))) {
    return found.map(() => ({ ours: false, ended: false }));
  }
  const judgements = await reportLeakedTokens(parts, found, {
    name,
    address: requester.address,
    proven: false,
  });
  if (judgements.some(({ news }) => news)) return judgements;
  const now = new Date(parts.clock.now());
  const subject = { kind: "leak_report", subject: subscriberNetwork(requester.address) };
  const { counts: [count], attempt } = await countAttempt(
    parts.sql,
    [{ ...subject, ...REPORT_LIMIT }],
    now,
    ([{ blockedUntil }]) => blockedUntil === undefined,
  );
  if (attempt !== undefined) return judgements;
  const wait = Math.ceil((count.blockedUntil!.getTime() - now.getTime()) / 1000);
  throw new Problem(
    429,
    "too-many",
    "Too many reports",
    `Too many tokens were reported that are unknown or known to have leaked. Try again in ${wait} s.`,
    { "retry-after": String(Math.max(1, wait)) },
  );
}

/** Refuses what cannot be an alert, by its headers: a body of 4 MB is read only under a current key. */
async function requireGithubKey({ secretScanningKeys }: ApiParts, headers: Headers): Promise<void> {
  const { keyId, signature } = signatureOf(headers);
  if (!await keysOrProblem(() => secretScanningKeys.mayHaveSigned(keyId, signature))) {
    throw notSigned("The signature is malformed, or its key is not a current one.");
  }
}

async function requireGithubSignature(
  { secretScanningKeys }: ApiParts,
  { headers, bytes }: Pick<ApiRequest, "headers" | "bytes">,
): Promise<void> {
  const { keyId, signature } = signatureOf(headers);
  if (!await keysOrProblem(() => secretScanningKeys.hasSigned(keyId, signature, bytes))) {
    throw notSigned("The signature is not that of this body by a current key.");
  }
}

function signatureOf(headers: Headers): { keyId: string; signature: string } {
  const keyId = headers.get("github-public-key-identifier");
  const signature = headers.get("github-public-key-signature");
  if (keyId !== null && signature !== null) return { keyId, signature };
  throw notSigned("This endpoint takes signed alerts only.");
}

function notSigned(detail: string): Problem {
  return new Problem(401, "signature", "Not signed", detail);
}

async function keysOrProblem(ask: () => Promise<boolean>): Promise<boolean> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof KeysUnavailable)) throw error;
    const detail = "The keys to check the signature with cannot be had at the moment.";
    throw new Problem(503, "unavailable", "Try again", detail, { "retry-after": "60" });
  }
}

function readAlert(bytes: Uint8Array): z.output<typeof githubAlert> {
  try {
    return z.parse(githubAlert, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw new Problem(
      400,
      "malformed",
      "The request does not fit",
      'The body must be a list such as [{"token": …, "type": …, "url": …, "source": …}].',
    );
  }
}
