/** A duration as people type it, `90`, `90s`, `5m` or `1h`, in milliseconds; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h)?$/.exec(text.trim());
  if (!match) return undefined;
  const unit = { s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? "s"];
  return unit === undefined ? undefined : Number(match[1]) * unit;
}
