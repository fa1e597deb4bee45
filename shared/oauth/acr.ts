/**
 * Authentication context classes of a sign-in, the weakest first: one factor, two factors, and
 * phishing-resistant (OpenID Connect Extended Authentication Profile ACR Values 1.0), which a passkey
 * with user verification is.
 */
export const ACR_VALUES = ["1fa", "2fa", "phr"] as const;
export type Acr = typeof ACR_VALUES[number];

export function isAcr(value: unknown): value is Acr {
  return ACR_VALUES.some((acr) => acr === value);
}

/** Whether `acr` is at least `required`. */
export function satisfiesAcr(acr: Acr, required: Acr | undefined): boolean {
  return required === undefined || ACR_VALUES.indexOf(acr) >= ACR_VALUES.indexOf(required);
}

/**
 * What `acr_values` requires (OpenID Connect Core 1.0 section 3.1.2.1): the weakest of the values
 * that are known, since each would do. Undefined if none is.
 */
export function weakestAcr(acrValues: string): Acr | undefined {
  const values = acrValues.split(" ");
  return ACR_VALUES.find((acr) => values.includes(acr));
}
