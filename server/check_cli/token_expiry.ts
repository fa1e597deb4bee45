/** The `exp` of a JWT that the server issued, in ms since the epoch. */
export function unverifiedExpiry(token: string): number {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(payload)).exp * 1000;
}
