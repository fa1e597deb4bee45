/** A moment as people say it, "3 minutes ago", exact on hover. */
export function Moment({ at, now }: { at: Date; now: number }) {
  const exact = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return <time datetime={at.toISOString()} title={exact}>{ago((now - at.getTime()) / 1000)}</time>;
}

/** Seconds in the past, in words. */
export function ago(seconds: number): string {
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} seconds ago`;
  const steps: [unit: string, seconds: number][] = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, length] = steps.find(([, length]) => seconds >= length)!;
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
