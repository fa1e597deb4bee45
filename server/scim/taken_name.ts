import { notUnique } from "./error.ts";

/** Of the PostgreSQL documentation, appendix A. */
const UNIQUE_VIOLATION = "23505";

/** Turns the database's unique_violation into the standard's error. */
export function reportTakenName(message: string): (error: unknown) => never {
  return (error) => {
    throw Object(error).code === UNIQUE_VIOLATION ? notUnique(message) : error;
  };
}
