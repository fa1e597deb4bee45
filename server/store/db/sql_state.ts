/**
 * Classes of PostgreSQL (documentation, appendix A) begin with a digit, or are one of four. Five
 * capital letters are also what some errors of the system have as a code, such as EINTR and EPIPE.
 */
const SQLSTATE = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** The SQLSTATE of an error that PostgreSQL sent; undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === "string" && SQLSTATE.test(code) ? code : undefined;
}
