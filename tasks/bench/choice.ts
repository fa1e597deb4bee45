/** Which other products are compared with. */

/** By name; all, or those that start within seconds. */
export type Choice = readonly string[] | "all" | "quick";

/** Takes minutes to start. */
export const SLOW = "Keycloak";

export function isChosen(name: string, choice: Choice): boolean {
  if (choice === "all") return true;
  return choice === "quick" ? name !== SLOW : choice.includes(name);
}
