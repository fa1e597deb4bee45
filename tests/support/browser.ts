/** Headless Chromium, the one installed on this machine. */
import { type Browser, chromium } from "playwright-core";

export type { Browser, BrowserContext, Page } from "playwright-core";

export interface TestBrowser extends AsyncDisposable {
  /** Playwright's own; make pages with `browser.newContext({ viewport, colorScheme, … })`. */
  browser: Browser;
}

/** Names the browser to use where it is in none of the usual places. */
export const BROWSER_VARIABLE = "TEST_BROWSER";

/** Starts the browser; closed, with all its pages, when disposed. */
export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      // No requests of its own: a test connects only to 127.0.0.1.
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost , EXCLUDE ::1",
    ],
  });
  return { browser, [Symbol.asyncDispose]: () => browser.close() };
}

/** Throws with what to install if there is no browser. */
export function browserPath(): string {
  const named = Deno.env.get(BROWSER_VARIABLE);
  const candidates = named === undefined ? USUAL_PLACES[Deno.build.os] ?? [] : [named];
  const path = candidates.find(isFile);
  if (path !== undefined) return path;
  throw new Error(
    `No Chromium found (looked at ${candidates.join(", ") || "nothing"}). ` +
      `Install it, or name it in ${BROWSER_VARIABLE}.`,
  );
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const USUAL_PLACES: Record<string, string[]> = {
  linux: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/snap/bin/chromium",
  ],
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  windows: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
  ],
};
