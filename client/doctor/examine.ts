/** All checks of `doctor`, by area. Nothing secret is printed or changed. */
import { brand } from "../../shared/brand.ts";
import { TimeoutError, withTimeout } from "../../shared/deadline.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { readAccounts } from "../auth/account_index.ts";
import { environmentSource } from "../auth/environment_token.ts";
import { activeServer } from "../auth/login_store.ts";
import { selectedServer } from "../auth/selection.ts";
import { findConfigFolder } from "../credentials/config_dir.ts";
import type { KeychainBackend } from "../credentials/keychain/backend.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { folderFinding, keychainFinding } from "./credential_store.ts";
import { type Area, failed, type Finding, problem, warning } from "../../shared/finding.ts";
import { identityFindings } from "./identity.ts";
import { environmentTokenFindings, loginFindings } from "./login.ts";
import { programFindings } from "./program.ts";
import { redactor } from "./redact.ts";
import { BUILT_IN, type CheckedServer, type LookUp, serverFindings } from "./server.ts";
import { timeLimit } from "./time_limit.ts";

export interface DoctorDeps {
  keychain: KeychainBackend;
  lookUp: LookUp;
}

/** The areas, each as soon as it was checked. Takes at most 15 s. */
export async function* examine(
  options: { server?: string },
  io: ClientIo,
  { keychain, lookUp }: DoctorDeps,
): AsyncGenerator<Area> {
  const limit = timeLimit();
  // What these functions warn of is among the findings.
  const quiet: ClientIo = { ...io, stderr: () => {} };
  const redact = redactor(io, await accountNames(quiet));
  const area = (title: string, findings: Finding[]): Area => ({
    title,
    findings: findings.map(({ message, advice, ...finding }) => ({
      ...finding,
      message: redact(message),
      ...advice !== undefined && { advice: redact(advice) },
    })),
  });
  yield area("Program", programFindings(io));

  const folder = await withTimeout(folderFinding(quiet), limit.nextMs()).catch(
    (error) => unexpected("folder", error, io),
  );
  yield area("Credentials", [
    folder,
    await keychainFinding(quiet, keychain).catch((error) => unexpected("keychain", error, io)),
  ]);

  const server = await chooseServer(options, quiet);
  if (!("issuer" in server)) {
    yield area("Server", [server]);
    return;
  }
  const { findings, isUsable } = await serverFindings(server, quiet, limit, lookUp);
  yield area("Server", findings);

  const isUsableServer = (other: string) => isUsable && other === server.issuer;
  const token = await environmentTokenFindings(quiet, isUsableServer, limit).catch(
    (error) => [unexpected("environment_token", error, io)],
  );
  const logins = folder.status !== "ok" ? [] : await loginFindings(quiet, isUsableServer, limit)
    .catch((error) => [unexpected("login", error, io)]);
  const identity = await identityFindings(server.issuer, isUsable, quiet, limit).catch(
    (error) => [unexpected("identity", error, io)],
  );
  const isLoggedOut = token.length === 0 && logins.length === 0 && identity.length === 1 &&
    identity[0].status === "ok";
  yield area("Login", [
    ...token,
    ...logins,
    ...isLoggedOut ? [warning("login", "not logged in", `Run: ${brand.binaryName} login`)] : [],
  ]);
  yield area("CI identity", identity);
}

/** The server that commands use, and where its address comes from. */
async function chooseServer(
  options: { server?: string },
  io: ClientIo,
): Promise<CheckedServer | Finding> {
  try {
    if (options.server) return { issuer: selectedServer(options, io)!, source: "--server" };
    const selected = selectedServer({}, io);
    if (selected !== undefined) {
      return { issuer: selected, source: `${brand.envPrefix}_SERVER` };
    }
    const ofToken = environmentSource({}, io)?.server;
    if (ofToken !== undefined) {
      return { issuer: ofToken, source: `the issuer of ${brand.envPrefix}_TOKEN` };
    }
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return failed("server", error.message);
  }
  const active = await activeServer(io).catch(ignoreStoreError);
  return active !== undefined
    ? { issuer: active, source: "the active login" }
    : { issuer: brand.defaultServer, source: BUILT_IN };
}

async function accountNames(io: ClientIo): Promise<string[]> {
  const folder = findConfigFolder(io);
  const index = folder && await readAccounts(folder, io.stderr).catch(ignoreStoreError);
  return index ? index.accounts.map(({ account }) => account) : [];
}

/** Of a check that failed itself: the others still run. */
function unexpected(check: string, error: unknown, io: ClientIo): Finding {
  if (io.signal.aborted) throw error;
  const message = error instanceof TimeoutError
    ? `there was ${error.message}`
    : `the check failed: ${sanitizeLine(error, 300)}`;
  return problem(check, message, "Try again. If it stays, report it with this output.");
}

/** Reported as a finding of its own. */
function ignoreStoreError(error: unknown): undefined {
  if (!(error instanceof CredentialStoreError)) throw error;
}
