/** The id of a plan that --output wrote; null if it is not one. */
export async function readPlanId(path: string): Promise<string | null> {
  try {
    const { id } = JSON.parse(await Deno.readTextFile(path));
    return typeof id === "string" && /^[\w-]{22}$/.test(id) ? id : null;
  } catch {
    return null;
  }
}
