/** One step of a pattern: a character that must match, or one of the two wildcards. */
type Step = { character: number } | { wildcard: "segment" | "any" };

const COLON = 0x3a;
const SLASH = 0x2f;

/**
 * Whether `text` as a whole matches `pattern`. `*` stands for anything but `:` and `/`, so that
 * `repo:acme/api:*` means one more part and `acme/*` one repository; `**` crosses both.
 *
 * The text comes from a token that somebody else made, so nothing backtracks: all the places in the
 * pattern that the text may have reached are followed side by side. The time is bounded by the
 * length of the text times that of the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const steps = parse(pattern);
  // Bit per place: the text read so far may have led to before this step.
  let places = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  let last = reach(steps, places, 0, 0);
  let first = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    let [nextFirst, nextLast] = [Infinity, -1];
    for (let place = first; place <= last; place++) {
      if (places[place] === 0) continue;
      places[place] = 0;
      const to = follow(steps[place], place, character);
      if (to === undefined) continue;
      nextFirst = Math.min(nextFirst, to);
      nextLast = reach(steps, next, to, nextLast);
    }
    if (nextLast === -1) return false;
    [places, next, first, last] = [next, places, nextFirst, nextLast];
  }
  return places[steps.length] === 1;
}

function parse(pattern: string): Step[] {
  const steps: Step[] = [];
  for (const part of pattern.split(/(\*+)/)) {
    if (part.startsWith("*")) steps.push({ wildcard: part === "*" ? "segment" : "any" });
    else for (let i = 0; i < part.length; i++) steps.push({ character: part.charCodeAt(i) });
  }
  return steps;
}

/** The place after `step` has taken the character; undefined if it cannot. */
function follow(step: Step | undefined, place: number, character: number): number | undefined {
  if (step === undefined) return undefined;
  if ("character" in step) return step.character === character ? place + 1 : undefined;
  const taken = step.wildcard === "any" || (character !== COLON && character !== SLASH);
  return taken ? place : undefined;
}

/** Marks `place` and what wildcards that match nothing lead to; returns the furthest place marked. */
function reach(steps: Step[], places: Uint8Array, place: number, furthest: number): number {
  for (;; place++) {
    places[place] = 1;
    if (place === steps.length || "character" in steps[place]) return Math.max(furthest, place);
  }
}

/** Whether some text matches both patterns. */
export function globsOverlap(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  const seen = new Set<number>();
  const open: [number, number][] = [[0, 0]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [i, j] = pair;
    if (i === a.length && j === b.length) return true;
    const key = i * (b.length + 1) + j;
    if (seen.has(key)) continue;
    seen.add(key);
    const [left, right] = [a[i], b[j]];
    // A wildcard may match nothing.
    if (left !== undefined && "wildcard" in left) open.push([i + 1, j]);
    if (right !== undefined && "wildcard" in right) open.push([i, j + 1]);
    const character = left && "character" in left
      ? left.character
      : right && "character" in right
      ? right.character
      : undefined;
    if (character === undefined) continue;
    const [nextI, nextJ] = [follow(left, i, character), follow(right, j, character)];
    if (nextI !== undefined && nextJ !== undefined) open.push([nextI, nextJ]);
  }
  return false;
}
