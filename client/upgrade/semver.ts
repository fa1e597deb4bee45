/** Versions and their order (Semantic Versioning 2.0.0). */

const VERSION =
  /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]{1,100}))?(?:\+[0-9A-Za-z.-]{1,100})?$/;

/** `1.2.3` for `1.2.3` and `v1.2.3`; undefined if it is not a version. */
export function parseVersion(text: string): string | undefined {
  const version = text.trim().replace(/^v/i, "");
  return VERSION.test(version) ? version : undefined;
}

export function isPrerelease(version: string): boolean {
  return VERSION.exec(version)?.[4] !== undefined;
}

/** Negative if `a` is older than `b`, 0 if they differ in build metadata only. */
export function compareVersions(a: string, b: string): number {
  const [, ...left] = VERSION.exec(a) ?? [];
  const [, ...right] = VERSION.exec(b) ?? [];
  for (let index = 0; index < 3; index++) {
    const difference = Number(left[index] ?? 0) - Number(right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePrereleases(left[3], right[3]);
}

/** Section 11: a version is newer than its prereleases, and numbers are below words. */
function comparePrereleases(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const [left, right] = [a.split("."), b.split(".")];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [part, other] = [left[index], right[index]];
    if (part === other) continue;
    const [isNumber, isOtherNumber] = [part, other].map((text) => /^\d+$/.test(text));
    if (isNumber && isOtherNumber) return Number(part) - Number(other);
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    return part < other ? -1 : 1;
  }
  return left.length - right.length;
}
