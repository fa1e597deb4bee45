/** Checks of the way to the server, step by step, and of the server's description of itself. */
import { brand } from "../../shared/brand.ts";
import { withTimeout } from "../../shared/deadline.ts";
import { authorizationServerMetadataUrl } from "../../shared/oauth/metadata.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { discover } from "../oauth/discovery.ts";
import { requestServer } from "../oauth/server_request.ts";
import { formatDuration } from "../output.ts";
import { failed, type Finding, ok, problem, warning } from "../../shared/finding.ts";
import { type AppliedProxy, appliedProxy } from "./proxy.ts";
import type { TimeLimit } from "./time_limit.ts";

/** Where the address of the server comes from. */
export interface CheckedServer {
  issuer: string;
  source: string;
}

/** The source of the address of a server that the user did not name. */
export const BUILT_IN = "built in";

/** The addresses of a host name. */
export type LookUp = (hostname: string) => Promise<string[]>;

export interface ServerFindings {
  findings: Finding[];
  /** Whether its discovery document is valid, so that tokens can be sent to it. */
  isUsable: boolean;
}

export async function serverFindings(
  { issuer, source }: CheckedServer,
  io: ClientIo,
  limit: TimeLimit,
  lookUp: LookUp,
): Promise<ServerFindings> {
  const url = new URL(issuer);
  const findings = [ok("server", `${issuer} (${source})`)];
  const proxy = appliedProxy(url, io.env);
  // A proxy resolves names.
  const isDirect = proxy === undefined || proxy.exempt !== undefined;
  const [proxies, names, { findings: responses, isReachable }] = await Promise.all([
    proxyFinding(url, proxy, limit, lookUp),
    isDirect ? nameFinding(url, limit, lookUp).then((name) => [name]) : [],
    reachFindings(issuer, io, limit),
  ]);
  findings.push(proxies, ...names, ...responses);
  if (!isReachable) {
    const advice = `No server was named: add --server, or set ${brand.envPrefix}_SERVER.`;
    return {
      findings: source === BUILT_IN
        ? findings.map((finding) => finding.status === "problem" ? { ...finding, advice } : finding)
        : findings,
      isUsable: false,
    };
  }
  const discovery = await discoveryFinding(issuer, io, limit);
  return { findings: [...findings, discovery], isUsable: discovery.status === "ok" };
}

async function proxyFinding(
  { hostname }: URL,
  proxy: AppliedProxy | undefined,
  limit: TimeLimit,
  lookUp: LookUp,
): Promise<Finding> {
  const check = "proxy";
  if (proxy === undefined) return ok(check, "none");
  const { variable, address, exempt } = proxy;
  if (exempt === "loopback") return ok(check, `not used for this machine (${variable} is set)`);
  if (exempt === "NO_PROXY") {
    return ok(check, `not used: NO_PROXY lists ${hostname} (${variable} is set)`);
  }
  const advice = `Correct ${variable}, such as http://proxy.example.com:3128, or unset it.`;
  if (address === undefined) return problem(check, `${variable} is not a valid address`, advice);
  const host = new URL(address).hostname.replace(/^\[|\]$/g, "");
  const isKnown = isAddress(host) ||
    await withTimeout(lookUp(host), limit.nextMs()).then(() => true, () => false);
  return isKnown
    ? ok(check, `${address} (${variable})`)
    : problem(check, `the name of the proxy ${address} (${variable}) cannot be looked up`, advice);
}

function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

async function nameFinding(url: URL, limit: TimeLimit, lookUp: LookUp): Promise<Finding> {
  const check = "name";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isAddress(host)) return ok(check, `${host} is an address, and needs no lookup`);
  try {
    const addresses = await withTimeout(lookUp(host), limit.nextMs());
    return ok(check, `${host} is ${addresses.slice(0, 4).join(", ") || "known"}`);
  } catch {
    return problem(
      check,
      `the name ${host} cannot be looked up`,
      "Check the address, and whether this machine is connected to its network or VPN.",
    );
  }
}

async function reachFindings(
  issuer: string,
  io: ClientIo,
  limit: TimeLimit,
): Promise<{ findings: Finding[]; isReachable: boolean }> {
  const check = "connection";
  const sentAt = io.clock.now();
  try {
    const response = await requestServer(authorizationServerMetadataUrl(issuer), io, {
      timeoutMs: limit.nextMs(),
    });
    const receivedAt = io.clock.now();
    const tls = issuer.startsWith("https:") ? "over TLS with a trusted certificate" : "without TLS";
    const findings = [ok(check, `the server answers (HTTP ${response.status}), ${tls}`)];
    if (response.date !== undefined) findings.push(clockFinding(response.date, sentAt, receivedAt));
    return { findings, isReachable: true };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { findings: [failed(check, error.message)], isReachable: false };
  }
}

/** A Date header has whole seconds (RFC 9110 section 6.6.1). */
const CLOCK_TOLERANCE_MS = 5_000;
/** From here on, a server rejects tokens as expired or issued in the future. */
const CLOCK_LIMIT_MS = 60_000;

function clockFinding(date: number, sentAt: number, receivedAt: number): Finding {
  const check = "clock";
  const difference = date < sentAt - 1000 ? date - (sentAt - 1000) : Math.max(0, date - receivedAt);
  const distance = Math.abs(difference);
  if (distance <= CLOCK_TOLERANCE_MS) return ok(check, "agrees with the server's");
  const message = `this machine's clock is ${formatDuration(distance)} ${
    difference < 0 ? "ahead of" : "behind"
  } the server's`;
  const advice = "Compare both clocks with a time server (NTP), and correct the wrong one.";
  return distance > CLOCK_LIMIT_MS
    ? problem(check, message, advice)
    : warning(check, message, advice);
}

async function discoveryFinding(
  issuer: string,
  io: ClientIo,
  limit: TimeLimit,
): Promise<Finding> {
  const check = "discovery";
  try {
    const { deviceAuthorizationEndpoint } = await withTimeout(
      discover(issuer, io),
      limit.nextMs(),
    );
    return ok(
      check,
      `its metadata is valid and names this issuer${
        deviceAuthorizationEndpoint === undefined ? "; logins by device code are disabled" : ""
      }`,
    );
  } catch (error) {
    return failed(check, (error as Error).message);
  }
}
