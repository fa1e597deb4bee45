/**
 * Texts that users see, each in a file under tests/golden: a change of wording is one reviewed
 * diff there, and other tests assert on codes. `UPDATE_GOLDEN=1` writes the files instead.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Compares `text` with the golden file `name` (a path below tests/golden). */
export async function assertGolden(name: string, text: string): Promise<void> {
  const path = fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text);
    return;
  }
  const expected = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  assert.equal(
    text,
    expected,
    `differs from tests/golden/${name}; if that is meant: UPDATE_GOLDEN=1`,
  );
}
