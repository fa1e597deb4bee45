/** Device logins that a server with trusted proxies acknowledged, from many networks. */
import { brand } from "../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- what tests look at is theirs to know
  body: any;
}

/** The address for a login: of another network each time, since logins are limited for each. */
export function networkOf(worker: number, login: number): string {
  return `10.${worker}.${login >> 8 & 255}.${login & 255}`;
}

export function startDeviceLoginFrom(issuer: string, address: string): Promise<Answer> {
  return post(`${issuer}/oauth/device/authorize`, {}, address);
}

/** The errors with which polls of `codes` are answered, except those of a login that is not lost. */
export async function errorsOfLostLogins(
  issuer: string,
  codes: readonly string[],
  expected: readonly string[] = ["authorization_pending", "slow_down"],
): Promise<string[]> {
  const lost: string[] = [];
  for (const code of codes) {
    const form = { grant_type: DEVICE_CODE_GRANT, device_code: code };
    const { body } = await post(`${issuer}/oauth/token`, form, "10.0.0.1");
    if (!expected.includes(body.error)) lost.push(body.error);
  }
  return lost;
}

async function post(url: string, form: Record<string, string>, address: string): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "x-forwarded-for": address },
    body: new URLSearchParams({ client_id: brand.cliClientId, ...form }),
  });
  return { status: response.status, body: await response.json() };
}
