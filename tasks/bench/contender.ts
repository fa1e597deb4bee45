/** A server that the same load is sent to: this program or another product. */
import type { Tokens } from "./authorization_code.ts";
import type { Load, LoadResult } from "./load.ts";
import { runLoad } from "./load.ts";
import { runSteps, type Steps } from "./steps.ts";

/** In the order of the table. */
export const OPERATIONS = [
  "introspection",
  "device authorization",
  "pending poll",
  "refresh",
  "authorize + token",
  "token exchange",
  "API token creation",
  "password sign-in",
  "sign-in page",
  "dashboard page",
] as const;

export type Operation = typeof OPERATIONS[number];

export interface Contender {
  name: string;
  /** What each operation sends; called before each run, since tokens are used up. */
  loads: Partial<Record<Operation, () => Promise<Load | Steps>>>;
  /** From its start with an empty database until it answered. */
  startMs: number;
  pid: number;
  /** Of its own database. */
  databaseUrl: string;
  stop(): Promise<void>;
}

export function runOperation(load: Load | Steps, seconds: number): Promise<LoadResult> {
  return "run" in load ? runSteps(load, seconds) : runLoad(load, seconds);
}

/** Of all contenders: a confidential client that may introspect. */
export const CLIENT = { id: "bench", secret: "bench-secret" };
/** Of the others: a public client, for device logins and for browsers. */
export const PUBLIC_CLIENT = "bench-public";

export const FORM = { "content-type": "application/x-www-form-urlencoded" };

export const AUTHENTICATED = {
  ...FORM,
  authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}`,
};

const DEVICE_CODE = '"device_code": ?"([^"]+)"';

export interface DeviceFlow {
  authorizationUrl: string;
  tokenUrl: string;
  clientId: string;
  /** Where the device codes are collected, one a line. */
  file: string;
}

/** Both operations of the device flow: the polls are those of the logins started before. */
export function deviceLoads(
  { authorizationUrl, tokenUrl, clientId, file }: DeviceFlow,
): Contender["loads"] {
  const headers = FORM;
  return {
    "device authorization": () =>
      Promise.resolve({
        url: authorizationUrl,
        method: "POST",
        headers,
        body: `client_id=${clientId}&scope=openid`,
        manyAddresses: true,
        collect: { pattern: DEVICE_CODE, file },
      }),
    "pending poll": () =>
      Promise.resolve({
        url: tokenUrl,
        method: "POST",
        headers,
        tokenFile: file,
        bodyBeforeToken: `grant_type=urn:ietf:params:oauth:grant-type:device_code` +
          `&client_id=${clientId}&device_code=`,
        manyAddresses: true,
        refused: true,
      }),
  };
}

const REFRESH_TOKEN = '"refresh_token": ?"([^"]+)"';

/** Fewer than for other requests: each needs a login, which some products take long for. */
const REFRESH_CONNECTIONS = 16;
/** Some of them are on their way when a run ends. */
export const REFRESHED_LOGINS = 24;

/** The refresh tokens of that many logins, some at a time. */
export async function refreshTokens(logIn: () => Promise<Tokens>): Promise<string[]> {
  const tokens: string[] = [];
  const AT_A_TIME = 8;
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    for (let login = 0; login < REFRESHED_LOGINS / AT_A_TIME; login++) {
      const { refresh_token } = await logIn();
      if (refresh_token === undefined) throw new Error("no refresh token");
      tokens.push(refresh_token);
    }
  }));
  return tokens;
}

/** Each refresh presents the token of an answer before; `tokens` are those of as many logins. */
export async function refreshLoad(
  { url, clientId, tokens, file }: {
    url: string;
    clientId: string;
    tokens: readonly string[];
    file: string;
  },
): Promise<Load> {
  await Deno.writeTextFile(file, tokens.join("\n"));
  return {
    url,
    method: "POST",
    headers: FORM,
    tokenFile: file,
    bodyBeforeToken: `grant_type=refresh_token&client_id=${clientId}&refresh_token=`,
    nextToken: REFRESH_TOKEN,
    connections: REFRESH_CONNECTIONS,
    manyAddresses: true,
  };
}
