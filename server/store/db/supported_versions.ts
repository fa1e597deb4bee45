/** PostgreSQL's major versions that are tested. */
export const SUPPORTED_POSTGRES = { oldest: 14, newest: 18 };

/**
 * Whether a connection was refused since the server is too old: it does not know a parameter that
 * version 14 introduced, and that every connection sets (session_settings.ts).
 */
export function isTooOld(code: string, message: string): boolean {
  return code === "42704" && message.includes("idle_session_timeout");
}
