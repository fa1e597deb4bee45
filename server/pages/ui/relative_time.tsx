interface TimeProps {
  at: Date;
  now: number;
  /** Also shows the date, for times to plan by. */
  dated?: boolean;
}

/** "3 minutes ago", with the exact time on hover. */
export function TimeAgo({ at, now, dated }: TimeProps) {
  return <Time at={at} text={formatTimeAgo((now - at.getTime()) / 1000)} dated={dated} />;
}

/** "in 3 days", with the exact time on hover. */
export function TimeUntil({ at, now, dated }: TimeProps) {
  return <Time at={at} text={formatTimeUntil((at.getTime() - now) / 1000)} dated={dated} />;
}

/** A date and time. */
export function ExactTime({ at }: { at: Date }) {
  return (
    <time datetime={at.toISOString()} title={formatMinute(at)}>
      <Exact at={at} />
    </time>
  );
}

function Time({ at, text, dated }: { at: Date; text: string; dated?: boolean }) {
  return (
    <time datetime={at.toISOString()} title={formatMinute(at)}>
      {text}
      {dated && (
        <>
          {" ("}
          <Exact at={at} />
          {")"}
        </>
      )}
    </time>
  );
}

/** In UTC until assets/local_times.ts converts it to the zone of the browser. */
function Exact({ at }: { at: Date }) {
  return <span class="exact">{formatMinute(at)}</span>;
}

function formatMinute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")}\u00a0UTC`;
}

export function formatTimeUntil(seconds: number): string {
  const units: [unit: string, seconds: number][] = [
    ["days", 86400],
    ["hours", 3600],
    ["minutes", 60],
  ];
  const unit = units.find(([, length]) => seconds >= 2 * length);
  return unit === undefined
    ? "in less than 2 minutes"
    : `in ${Math.round(seconds / unit[1])} ${unit[0]}`;
}

export function formatTimeAgo(seconds: number): string {
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} seconds ago`;
  const units: [unit: string, seconds: number][] = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, length] = units.find(([, length]) => seconds >= length)!;
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
