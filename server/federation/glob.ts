/** One step of a pattern: a character, or one of the two wildcards. */
type Step = { character: number } | { wildcard: "segment" | "any" };

const COLON = 0x3a;
const SLASH = 0x2f;

/**
 * Whether the whole `text` matches `pattern`. `*` matches anything except `:` and `/`, so that
 * `repo:acme/api:*` allows one more part and `acme/*` one repository; `**` matches those as well.
 *
 * The text is untrusted, so the match does not backtrack: it tracks all positions in the pattern
 * that the text may have reached. Its time is at most proportional to the product of both lengths.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const steps = parse(pattern);
  // One flag per position: the text read so far may have led to before this step.
  let positions = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  let last = reach(steps, positions, 0, 0);
  let first = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    let [nextFirst, nextLast] = [Infinity, -1];
    for (let position = first; position <= last; position++) {
      if (positions[position] === 0) continue;
      positions[position] = 0;
      const to = follow(steps[position], position, character);
      if (to === undefined) continue;
      nextFirst = Math.min(nextFirst, to);
      nextLast = reach(steps, next, to, nextLast);
    }
    if (nextLast === -1) return false;
    [positions, next, first, last] = [next, positions, nextFirst, nextLast];
  }
  return positions[steps.length] === 1;
}

function parse(pattern: string): Step[] {
  const steps: Step[] = [];
  for (const part of pattern.split(/(\*+)/)) {
    if (part.startsWith("*")) steps.push({ wildcard: part === "*" ? "segment" : "any" });
    else for (let i = 0; i < part.length; i++) steps.push({ character: part.charCodeAt(i) });
  }
  return steps;
}

/** The position after `step` has consumed the character; undefined if it does not match. */
function follow(step: Step | undefined, position: number, character: number): number | undefined {
  if (step === undefined) return undefined;
  if ("character" in step) return step.character === character ? position + 1 : undefined;
  const matches = step.wildcard === "any" || (character !== COLON && character !== SLASH);
  return matches ? position : undefined;
}

/** Marks `position` and what wildcards that match nothing lead to; returns the furthest position marked. */
function reach(steps: Step[], positions: Uint8Array, position: number, furthest: number): number {
  for (;; position++) {
    positions[position] = 1;
    if (position === steps.length || "character" in steps[position]) {
      return Math.max(furthest, position);
    }
  }
}

/** Whether some text matches both patterns. */
export function globsOverlap(left: string, right: string): boolean {
  const [a, b] = [parse(left), parse(right)];
  const seen = new Set<number>();
  const open: [number, number][] = [[0, 0]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [i, j] = pair;
    if (i === a.length && j === b.length) return true;
    const key = i * (b.length + 1) + j;
    if (seen.has(key)) continue;
    seen.add(key);
    const [stepA, stepB] = [a[i], b[j]];
    // A wildcard may match nothing.
    if (stepA !== undefined && "wildcard" in stepA) open.push([i + 1, j]);
    if (stepB !== undefined && "wildcard" in stepB) open.push([i, j + 1]);
    const character = stepA && "character" in stepA
      ? stepA.character
      : stepB && "character" in stepB
      ? stepB.character
      : undefined;
    if (character === undefined) continue;
    const [nextI, nextJ] = [follow(stepA, i, character), follow(stepB, j, character)];
    if (nextI !== undefined && nextJ !== undefined) open.push([nextI, nextJ]);
  }
  return false;
}
