/** Browsers by what their User-Agent headers contain; those that name others as well come first. */
const BROWSERS: readonly [pattern: RegExp, name: string][] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\b(?:OPR|OPT|OPX|Opera)\b/, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\b(?:DuckDuckGo|Ddg)\//, "DuckDuckGo"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\bChromium\//, "Chromium"],
  [/\b(?:Chrome|HeadlessChrome|CriOS)\//, "Chrome"],
  [/\bVersion\/[\d.]+ (?:Mobile|Safari)\//, "Safari"],
  [/\b(?:MSIE |Trident\/)/, "Internet Explorer"],
];

/** Devices and systems by what the first comment of the header contains, in the same order. */
const SYSTEMS: readonly [pattern: RegExp, name: string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\biPod\b/, "iPod"],
  [/\bWindows\b/, "Windows"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\b(?:Macintosh|Mac OS X)\b/, "macOS"],
  [/\bFreeBSD\b/, "FreeBSD"],
  [/\bOpenBSD\b/, "OpenBSD"],
  [/\b(?:Linux|X11|Wayland)\b/, "Linux"],
];

/**
 * A name such as "Chrome on Linux" for the User-Agent header of a browser, composed of the texts above
 * only. Undefined for other programs. Browsers that imitate others get the name of those.
 */
export function browserName(userAgent: string): string | undefined {
  if (!/^(?:Mozilla|Opera)\//.test(userAgent)) return undefined;
  const browser = find(BROWSERS, userAgent);
  const system = find(SYSTEMS, /\(([^()]*)/.exec(userAgent)?.[1] ?? "");
  if (system === undefined) return browser;
  return `${browser ?? "Browser"} on ${system}`;
}

function find(names: readonly [RegExp, string][], text: string): string | undefined {
  return names.find(([pattern]) => pattern.test(text))?.[1];
}
