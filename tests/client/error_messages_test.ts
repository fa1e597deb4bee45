/**
 * Every error message of the client is in tests/golden/client/errors.txt, by its code: the
 * messages are read from the sources, so that none is left out. Other tests assert on codes.
 */
import assert from "node:assert/strict";
import { walk } from "../support/walk.ts";
import { ERROR_EXIT_CODES } from "../../client/errors.ts";
import { assertGolden } from "../support/golden.ts";

const client = new URL("../../client/", import.meta.url);

/** An error with its arguments: `new ClientError(code, message)` and the like. */
const ERROR = /\b(?:new (?:ClientError|NoResponseError|CredentialStoreError)|super)\(/g;

/** The source of a call's arguments, from its opening parenthesis on. */
function argumentsOf(source: string, open: number): string {
  let depth = 0;
  let quote: string | undefined;
  for (let index = open; index < source.length; index++) {
    const character = source[index];
    if (quote !== undefined) {
      if (character === "\\") index++;
      else if (character === quote) quote = undefined;
    } else if (`"'\``.includes(character)) {
      quote = character;
    } else if ("([{".includes(character)) {
      depth++;
    } else if (")]}".includes(character) && --depth === 0) {
      return source.slice(open + 1, index);
    }
  }
  throw new Error("unbalanced parentheses");
}

/** Joins what the formatter has broken into lines, and the parts of a text. */
function oneLine(source: string): string {
  return source.replace(/\s+/g, " ").replaceAll(/["`] \+ ["`]/g, "").trim().replace(/,$/, "");
}

Deno.test("has a reviewed text for every error message", async () => {
  const messages: string[] = [];
  for (const path of walk(client)) {
    const source = await Deno.readTextFile(new URL(path, client));
    for (const { index, 0: call } of source.matchAll(ERROR)) {
      const text = oneLine(argumentsOf(source, index + call.length - 1));
      if (/["`]/.test(text)) messages.push(`${path}: ${text}`);
    }
  }
  await assertGolden("client/errors.txt", `${messages.sort().join("\n")}\n`);
});

Deno.test("uses every error code", async () => {
  const sources = await Promise.all(
    walk(client).filter((path) => path !== "errors.ts")
      .map((path) => Deno.readTextFile(new URL(path, client))),
  );
  const own = (await Deno.readTextFile(new URL("errors.ts", client))).split("as const;")[1];
  const all = [...sources, own].join("\n");
  for (const code of Object.keys(ERROR_EXIT_CODES)) {
    assert.ok(all.includes(`"${code}"`), `${code} is not used`);
  }
});
