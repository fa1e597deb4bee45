import { createHash } from "node:crypto";
import type { PageContext } from "../context.ts";

/** A file that pages load. */
export interface Asset {
  path: string;
  /** The path with the hash of the content, so that browsers may keep the file. */
  url: string;
  handle: (deps: unknown, c: PageContext) => Response;
}

const TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

const KEEP = "public, max-age=31536000, immutable";

export function asset(name: string, content: string): Asset {
  const path = `/assets/${name}`;
  const version = createHash("sha256").update(content).digest("base64url").slice(0, 16);
  return {
    path,
    url: `${path}?v=${version}`,
    handle(_deps, c) {
      // During an update another replica may ask for another version: that one must not be kept.
      if (c.get("query")("v") === version) c.header("Cache-Control", KEEP);
      return c.body(content, 200, { "Content-Type": TYPES[name.split(".").at(-1)!] });
    },
  };
}
