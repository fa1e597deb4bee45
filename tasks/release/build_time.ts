/** The time of the files in a release: of SOURCE_DATE_EPOCH if it is set, else of the commit. */
export async function buildSeconds(folder: string): Promise<number> {
  const set = Deno.env.get("SOURCE_DATE_EPOCH");
  if (set !== undefined) return Number(set);
  const { success, stdout } = await new Deno.Command("git", {
    args: ["-C", folder, "log", "-1", "--format=%ct"],
    stderr: "null",
  }).output();
  if (!success) throw new Error("Set SOURCE_DATE_EPOCH: this folder has no commit.");
  return Number(new TextDecoder().decode(stdout));
}
