/** Of the PostgreSQL documentation, appendix A. */
const UNIQUE_VIOLATION = "23505";

/** Whether the database rejected a row because another one has the same unique value. */
export function isUniqueViolation(error: unknown): boolean {
  return Object(error).code === UNIQUE_VIOLATION;
}
