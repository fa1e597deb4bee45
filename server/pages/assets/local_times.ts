import { asset } from "./asset.ts";

/**
 * Shows times in the zone of the browser, which only a script knows, and names the zone. Without
 * it they stay in UTC, which they name too; the title always has UTC. See ui/relative_time.tsx.
 */
export const localTimes = asset(
  "local_times.js",
  `
const digits = new Intl.DateTimeFormat("en-CA", {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  hourCycle: "h23",
});
const zone = new Intl.DateTimeFormat(
  navigator.language.startsWith("en") ? navigator.language : "en-GB",
  { timeZoneName: "short" },
);
const part = (format, at, type) => format.formatToParts(at).find((part) => part.type === type).value;
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  const [year, month, day, hour, minute] = ["year", "month", "day", "hour", "minute"]
    .map((type) => part(digits, at, type));
  const local = \`\${year}-\${month}-\${day} \${hour}:\${minute}\\u00a0\${part(zone, at, "timeZoneName")}\`;
  const exact = time.querySelector(".exact");
  if (exact) exact.textContent = local;
  else if (!time.title.endsWith(local)) time.title = \`\${local} (\${time.title})\`;
}
`,
);
