interface When {
  at: Date;
  now: number;
  /** Whether the date stands there too, for those who plan by it or cannot hover. */
  dated?: boolean;
}

/** A moment as people say it, "3 minutes ago", exact on hover. */
export function TimeAgo({ at, now, dated }: When) {
  return <Time at={at} words={ago((now - at.getTime()) / 1000)} dated={dated} />;
}

/** A moment to come, "in 3 days", exact on hover. */
export function TimeUntil({ at, now, dated }: When) {
  return <Time at={at} words={ahead((at.getTime() - now) / 1000)} dated={dated} />;
}

function Time({ at, words, dated }: { at: Date; words: string; dated?: boolean }) {
  return dated
    ? <time datetime={at.toISOString()}>{`${words} (${exact(at)})`}</time>
    : <time datetime={at.toISOString()} title={exact(at)}>{words}</time>;
}

function exact(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")}\u00a0UTC`;
}

/** Seconds to come, in words. */
export function ahead(seconds: number): string {
  const steps: [unit: string, seconds: number][] = [
    ["days", 86400],
    ["hours", 3600],
    ["minutes", 60],
  ];
  const step = steps.find(([, length]) => seconds >= 2 * length);
  return step === undefined
    ? "in less than two minutes"
    : `in ${Math.round(seconds / step[1])} ${step[0]}`;
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
