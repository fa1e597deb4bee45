/** A duration as people type it, `90`, `90s`, `5m`, `1h` or `30d`, in milliseconds; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h|d)?$/.exec(text.trim());
  if (!match) return undefined;
  const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? "s"];
  return unit === undefined ? undefined : Number(match[1]) * unit;
}
