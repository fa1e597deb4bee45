import assert from "node:assert/strict";
import { browserName } from "../../../server/http/browser_name.ts";

const APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0";

const NAMES: [userAgent: string, name: string | undefined][] = [
  [`Mozilla/5.0 (X11; Linux x86_64) ${CHROME} Safari/537.36`, "Chrome on Linux"],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`, "Chrome on ChromeOS"],
  [`Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`, "Chrome on Android"],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/141.0.0.0`,
    "Edge on Windows",
  ],
  [`Mozilla/5.0 (Windows NT 10.0) ${CHROME} Safari/537.36 OPR/120.0.0.0`, "Opera on Windows"],
  [
    `Mozilla/5.0 (Linux; Android 14; SM-S921B) ${CHROME} SamsungBrowser/28.0 Mobile Safari/537.36`,
    "Samsung Internet on Android",
  ],
  [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0 Safari/537.36",
    "Chrome on Linux",
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Firefox on Windows",
  ],
  [
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Firefox on Linux",
  ],
  ["Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${APPLE} Version/18.5 Mobile/15E148 Safari/604.1`,
    "Safari on iPhone",
  ],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${APPLE} CriOS/141.0 Mobile/15E148 Safari/604.1`,
    "Chrome on iPhone",
  ],
  [
    `Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) ${APPLE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`,
    "Firefox on iPad",
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${APPLE} Version/18.5 Safari/605.1.15`,
    "Safari on macOS",
  ],
  ["Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer on Windows"],
  ["Mozilla/5.0 (X11; Linux x86_64)", "Browser on Linux"],
  ["Mozilla/5.0 Firefox/140.0", "Firefox"],
  ["Mozilla/5.0", undefined],
  ["curl/8.5.0", undefined],
  ["", undefined],
];

Deno.test("names browsers by browser and system", () => {
  for (const [userAgent, name] of NAMES) assert.equal(browserName(userAgent), name, userAgent);
});

Deno.test("takes no text from a User-Agent, and no time for a hostile one", () => {
  const hostile = [
    "Mozilla/5.0 (Linux<script>) Chrome/<b>\u202e",
    `Mozilla/${"(".repeat(100_000)}`,
    `Mozilla/5.0 (X11) Version/${"1.".repeat(100_000)}`,
    `Mozilla/5.0 ${"Mobile/x ".repeat(20_000)}`,
  ];
  const start = performance.now();
  for (const userAgent of hostile) assert.match(browserName(userAgent) ?? "", /^[A-Za-z ]*$/);
  assert.ok(performance.now() - start < 2000);
});
