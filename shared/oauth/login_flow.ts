/**
 * How the command line logs in: with a code that is entered in any browser (RFC 8628), in a browser
 * on the same machine (RFC 8252), or in a browser where there is one.
 */
export const LOGIN_FLOWS = ["device", "web", "auto"] as const;
export type LoginFlow = typeof LOGIN_FLOWS[number];

export function isLoginFlow(value: unknown): value is LoginFlow {
  return LOGIN_FLOWS.some((flow) => flow === value);
}
