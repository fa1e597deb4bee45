/** A request as the fuzzer changes it, before values of the world are filled in. */

export type Pairs = (readonly [name: string, value: string])[];

export type FuzzBody =
  | { kind: "form"; fields: Pairs }
  | { kind: "json"; value: unknown }
  | { kind: "text"; text: string };

export interface FuzzRequest {
  /** The template it comes from, for reports. */
  name: string;
  method: string;
  path: string;
  query: Pairs;
  headers: Pairs;
  body?: FuzzBody;
  /** Bytes in place of some of the encoded body. */
  damage?: { at: number; remove: number; insert: Uint8Array };
  /** Sends the body without a content-length. */
  chunked?: boolean;
  /** What the placeholder `{{signed}}` is: a JWT of the issuer that the world trusts. */
  signed?: { claims: unknown; header: Record<string, unknown> };
}

/** A value of the world by its name. */
export type Resolve = (name: string) => string | Promise<string>;

export type Sign = (claims: unknown, header: Record<string, unknown>) => Promise<string>;

/** The text with the values of its placeholders, such as `{{user_id}}`. */
async function fill(text: string, resolve: Resolve): Promise<string> {
  if (!text.includes("{{")) return text;
  let filled = "";
  let end = 0;
  for (const match of text.matchAll(/\{\{(\w+)\}\}/g)) {
    filled += text.slice(end, match.index) + await resolve(match[1]);
    end = match.index + match[0].length;
  }
  return filled + text.slice(end);
}

async function fillPairs(pairs: Pairs, resolve: Resolve): Promise<[string, string][]> {
  const filled: [string, string][] = [];
  for (const [name, value] of pairs) filled.push([name, await fill(value, resolve)]);
  return filled;
}

export interface EncodedRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: [string, string][];
  body?: Uint8Array<ArrayBuffer>;
}

/** The request as it is sent. */
export async function encodeRequest(
  request: FuzzRequest,
  resolveInWorld: Resolve,
  sign: Sign,
): Promise<EncodedRequest> {
  const { method, path, query, headers, body, damage, chunked, signed } = request;
  const resolve: Resolve = async (name) => {
    if (name !== "signed" || signed === undefined) return await resolveInWorld(name);
    const json = await fillJson(JSON.stringify(signed.claims) ?? "null", resolveInWorld);
    // A number is a string until it is filled in.
    const numbers = json.replaceAll(/"#(\d+)"/g, "$1");
    return await sign(JSON.parse(numbers), signed.header);
  };
  const filledQuery = await fillPairs(query, resolve);
  const target = await fill(path, resolve) +
    (filledQuery.length === 0 ? "" : `?${new URLSearchParams(filledQuery)}`);
  const filledHeaders = await fillPairs(headers, resolve);
  if (body === undefined || method === "GET" || method === "HEAD") {
    return { method, target, headers: filledHeaders };
  }
  let bytes = new TextEncoder().encode(await encodeBody(body, resolve));
  if (damage !== undefined) bytes = damaged(bytes, damage);
  if (!chunked && !filledHeaders.some(([name]) => name === "content-length")) {
    filledHeaders.push(["content-length", String(bytes.length)]);
  }
  return { method, target, headers: filledHeaders, body: bytes };
}

async function encodeBody(body: FuzzBody, resolve: Resolve): Promise<string> {
  switch (body.kind) {
    case "form":
      return new URLSearchParams(await fillPairs(body.fields, resolve)).toString();
    case "json":
      return await fillJson(JSON.stringify(body.value) ?? "null", resolve);
    case "text":
      return await fill(body.text, resolve);
  }
}

/** Values are inserted into strings of JSON. */
function fillJson(json: string, resolve: Resolve): Promise<string> {
  return fill(json, async (name) => JSON.stringify(await resolve(name)).slice(1, -1));
}

function damaged(
  bytes: Uint8Array<ArrayBuffer>,
  { at, remove, insert }: NonNullable<FuzzRequest["damage"]>,
): Uint8Array<ArrayBuffer> {
  const start = bytes.length === 0 ? 0 : at % bytes.length;
  const rest = bytes.subarray(start + remove);
  const result = new Uint8Array(start + insert.length + rest.length);
  result.set(bytes.subarray(0, start));
  result.set(insert, start);
  result.set(rest, start + insert.length);
  return result;
}
