/** A server that the same load is sent to: this program or another product. */
import type { Load } from "./load.ts";

/**
 * In the order of the table. `page` is one that a browser without a session gets: here the form to
 * sign in, of Dex the form for a user code.
 */
export const OPERATIONS = [
  "introspection",
  "device authorization",
  "pending poll",
  "refresh",
  "page",
] as const;

export type Operation = typeof OPERATIONS[number];

export interface Contender {
  name: string;
  /** What each operation sends; called before each run, since tokens are used up. */
  loads: Partial<Record<Operation, () => Promise<Load>>>;
  stop(): Promise<void>;
}

/** Of all contenders: a confidential client that may introspect. */
export const CLIENT = { id: "bench", secret: "bench-secret" };

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
