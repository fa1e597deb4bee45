import { notUnique } from "./error.ts";
import { isUniqueViolation } from "../store/db/unique_violation.ts";

/** Turns the database's unique_violation into the standard's error. */
export function reportTakenName(message: string): (error: unknown) => never {
  return (error) => {
    throw isUniqueViolation(error) ? notUnique(message) : error;
  };
}
