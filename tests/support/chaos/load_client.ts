/**
 * A user with a terminal and a script: logs in, renews, creates, checks, rotates and revokes
 * tokens, while the server may fail at any moment. It records what was acknowledged.
 */
import { setTimeout as delay } from "node:timers/promises";
import { brand } from "../../../shared/brand.ts";
import { withTimeout } from "../../../shared/deadline.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../shared/management.ts";
import { DEVICE_CODE_GRANT, REFRESH_TOKEN_GRANT } from "../../../shared/oauth/grant_types.ts";
import { type Account, type Approver, approver } from "../approver.ts";
import { count, type Journal, type JournalLogin, type JournalToken } from "./journal.ts";

/** Longest wait for a response. A server that cannot answer says so before. */
const TIMEOUT_MS = 10_000;

/** Active tokens of one user: those above are revoked. */
const MAX_ACTIVE = 12;

/**
 * Within this time of the response to a revocation, other replicas may still accept the token, in
 * ms: validation/token_validator.ts.
 */
const PROPAGATION_MS = 1000;

/** The server could not answer: the operation may have been carried out or not. */
class Unavailable extends Error {
  override readonly name = "Unavailable";
}

export interface LoadClientOptions {
  /** What users open; the base of all requests of this client. */
  origin: string;
  /** Where tokens are checked: each replica. */
  replicas: () => readonly string[];
  /** The server's identifier, if it is another one. */
  issuer?: string;
  account: Account;
  journal: Journal;
  random: () => number;
}

export interface LoadClient {
  /** Does one thing; returns after the response or its absence. */
  step(): Promise<void>;
  /**
   * Asks for everything that was acknowledged; with `recent`, for that many tokens only. Throws if
   * the server cannot answer.
   */
  verify(recent?: number): Promise<void>;
}

interface Received {
  status: number;
  // deno-lint-ignore no-explicit-any
  body: any;
}

export function loadClient(options: LoadClientOptions): LoadClient {
  const { origin, replicas, account, journal, random } = options;
  const issuer = options.issuer ?? origin;
  const mine: JournalToken[] = [];
  const logins: JournalLogin[] = [];
  const openBrowser = () => approver(origin, account, (secret) => journal.secrets.add(secret));
  let browser: Approver = openBrowser();
  let login: JournalLogin | undefined;
  let management: string | undefined;
  let names = 0;
  const prefix = `${account.email.split("@")[0]}-${Math.floor(random() * 1e6)}`;

  async function send(
    url: string,
    init: RequestInit = {},
    expected: readonly number[] = [200],
  ): Promise<Received> {
    let status: number;
    let text: string;
    const started = performance.now();
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      status = response.status;
      text = await response.text();
    } catch (error) {
      if (performance.now() - started > TIMEOUT_MS - 50) count(journal, "timeout");
      count(journal, "unanswered");
      throw new Unavailable(String(error));
    }
    // Of the device flow, whose clients keep polling (RFC 8628 section 3.5).
    const mustPollAgain = status === 429 && text.includes("slow_down");
    if (mustPollAgain || [502, 503, 504].includes(status)) {
      count(journal, "unavailable");
      throw new Unavailable(`${status} ${redacted(text)}`);
    }
    if (!expected.includes(status)) {
      journal.faults.push(
        `${init.method ?? "GET"} ${new URL(url).pathname}: ${status} ${redacted(text)}`,
      );
      throw new Unavailable(`${status} ${redacted(text)}`);
    }
    return { status, body: text.startsWith("{") ? JSON.parse(text) : undefined };
  }

  const post = (path: string, form: Record<string, string>, expected?: readonly number[]) =>
    send(`${origin}${path}`, {
      method: "POST",
      body: new URLSearchParams({ client_id: brand.cliClientId, ...form }),
    }, expected);

  const api = (
    method: string,
    path: string,
    body: unknown,
    expected: readonly number[],
  ) =>
    send(`${origin}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${management}`,
        ...body !== undefined && { "content-type": "application/json" },
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    }, expected);

  async function startDeviceLogin() {
    const { body } = await post("/oauth/device/authorize", {
      scope: `openid offline_access ${MANAGEMENT_SCOPES.write}`,
    });
    journal.secrets.add(body.device_code);
    return body;
  }

  async function logIn(): Promise<void> {
    const started = await startDeviceLogin();
    try {
      await withTimeout(browser.decide(started.user_code, "approve"), 3 * TIMEOUT_MS);
    } catch (error) {
      // Its browser may have half of a sign-in.
      browser = openBrowser();
      throw new Unavailable(String(error));
    }
    const { body } = await post("/oauth/token", {
      grant_type: DEVICE_CODE_GRANT,
      device_code: started.device_code,
    });
    login = { refreshToken: body.refresh_token, state: "active" };
    keep(body);
    logins.push(login);
    journal.logins.push(login);
    management = undefined;
    count(journal, "login");
  }

  /** Renews the login, for managing tokens or for the API. */
  async function refresh(of: JournalLogin, forManagement: boolean): Promise<void> {
    const presented = of.refreshToken;
    const expected = of.state === "active" ? [200] : [200, 400];
    const { status, body } = await post("/oauth/token", {
      grant_type: REFRESH_TOKEN_GRANT,
      refresh_token: presented,
      ...forManagement && { resource: managementResource(issuer) },
    }, expected);
    if (status === 400) {
      of.state = "revoked";
      return;
    }
    if (of.state === "revoked") {
      journal.faults.push("a refresh token of a login that was revoked yields tokens");
      return;
    }
    const successors = journal.successors.get(presented) ?? new Set();
    journal.successors.set(presented, successors.add(body.refresh_token));
    if (successors.size > 1) journal.faults.push("a refresh token has two successors");
    of.refreshToken = body.refresh_token;
    of.state = "active";
    keep(body);
    if (forManagement) management = body.access_token;
    count(journal, "refresh");
  }

  function keep(tokens: Record<string, string>): void {
    for (const name of ["access_token", "refresh_token", "id_token"]) {
      if (tokens[name] !== undefined) journal.secrets.add(tokens[name]);
    }
  }

  async function manage(): Promise<boolean> {
    if (management === undefined && login !== undefined) await refresh(login, true);
    return management !== undefined;
  }

  function acknowledge(
    { id, token: secret, name }: { id: string; token: string; name: string },
    createdBy: JournalToken["createdBy"],
  ): void {
    const token: JournalToken = { id, token: secret, name, state: "active", createdBy };
    mine.push(token);
    journal.tokens.push(token);
    journal.secrets.add(secret);
  }

  async function createToken(): Promise<void> {
    if (!await manage()) return;
    const name = `${prefix}-${++names}`;
    const created = await api("POST", "/tokens", { name, scopes: [] }, [201, 401]);
    if (created.status === 401) return void (management = undefined);
    acknowledge(created.body, "creation");
    count(journal, "token created");
  }

  async function rotateToken(token: JournalToken): Promise<void> {
    if (!await manage()) return;
    const before = token.state;
    token.state = "unknown";
    const rotated = await api("POST", `/tokens/${token.id}/rotate`, { overlap: 0 }, [201, 401]);
    if (rotated.status === 401) {
      token.state = before;
      management = undefined;
      return;
    }
    token.state = "revoked";
    token.revokedBy = "rotation";
    token.revokedAt = performance.now();
    acknowledge(rotated.body, "rotation");
    count(journal, "token rotated");
  }

  async function revokeToken(token: JournalToken): Promise<void> {
    if (!await manage()) return;
    const before = token.state;
    token.state = "unknown";
    const revoked = await api("DELETE", `/tokens/${token.id}`, undefined, [204, 401]);
    if (revoked.status === 401) {
      token.state = before;
      management = undefined;
      return;
    }
    token.state = "revoked";
    token.revokedBy = "revocation";
    token.revokedAt = performance.now();
    count(journal, "token revoked");
    if (replicas().length > 1) await checkRevoked(token);
  }

  /** At the moment from which all replicas must reject it. */
  async function checkRevoked(token: JournalToken): Promise<void> {
    await delay(PROPAGATION_MS);
    await Promise.all(replicas().map((replica) => checkToken(token, replica)));
    count(journal, "revocation checked");
  }

  async function logOut(): Promise<void> {
    const ending = login!;
    ending.state = "unknown";
    login = undefined;
    management = undefined;
    await post("/oauth/revoke", { token: ending.refreshToken });
    ending.state = "revoked";
    count(journal, "login revoked");
  }

  /** Asks a replica about a token, as a reverse proxy does. */
  async function checkToken(token: JournalToken, replica: string): Promise<void> {
    const { state, revokedAt = 0 } = token;
    const started = performance.now();
    const { status } = await send(`${replica}/auth/verify`, {
      headers: { authorization: `Bearer ${token.token}` },
    }, [200, 401]);
    count(journal, "check");
    // It was revoked in the meantime.
    if (token.state !== state) return;
    if (state === "active" && status !== 200) {
      journal.faults.push(`an active token is rejected by ${replica}`);
    }
    const since = started - revokedAt;
    if (state === "revoked" && status === 200 && since >= PROPAGATION_MS) {
      journal.faults.push(
        `a token is accepted by ${replica} ${
          Math.round(since)
        } ms after the response to its revocation`,
      );
    }
  }

  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const active = () => mine.filter(({ state }) => state === "active");

  async function act(): Promise<void> {
    if (login === undefined) return await logIn();
    const choice = random();
    if (choice < 0.2) return await refresh(login, random() < 0.3);
    if (choice < 0.4) {
      const old = active();
      return old.length > MAX_ACTIVE ? await revokeToken(old[0]) : await createToken();
    }
    if (choice < 0.5) {
      const token = pick(active());
      return token && await rotateToken(token);
    }
    if (choice < 0.6) {
      const token = pick(active());
      return token && await revokeToken(token);
    }
    if (choice < 0.63) return await logOut();
    if (choice < 0.66) {
      const { device_code } = await startDeviceLogin();
      journal.pending.push({ deviceCode: device_code, startedAt: Date.now() });
      return count(journal, "device code");
    }
    // The last ones: what was just revoked is asked about most.
    const token = pick(random() < 0.5 ? mine.slice(-5) : mine);
    if (token !== undefined) await checkToken(token, pick(replicas())!);
  }

  return {
    async step() {
      try {
        await act();
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        journal.lastFailure = error.message;
        // As clients do, and it leaves the machine to those that recover.
        await delay(50);
      }
    },
    async verify(recent = Infinity) {
      for (const token of mine.slice(-recent)) {
        if (token.state === "unknown") continue;
        for (const replica of replicas()) await checkToken(token, replica);
      }
      for (const old of logins.slice(-recent)) await refresh(old, false);
      if (login?.state !== "active") await logIn();
      management = undefined;
      await refresh(login!, true);
      const listed = new Map<string, number>();
      for (let cursor = "", more = true; more;) {
        const query = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
        const { body } = await api("GET", `/tokens?limit=100${query}`, undefined, [200]);
        for (const { id } of body.tokens) listed.set(id, (listed.get(id) ?? 0) + 1);
        cursor = body.next_cursor ?? "";
        more = cursor !== "";
      }
      for (const token of mine) {
        const times = listed.get(token.id) ?? 0;
        if (token.state === "active" && times !== 1) {
          journal.faults.push(`an acknowledged token is listed ${times} times`);
        }
      }
    },
  };
}

/** Enough to recognize a message, without tokens. */
function redacted(text: string): string {
  return text.replaceAll(/[\w.-]{30,}/g, "…").slice(0, 300);
}
