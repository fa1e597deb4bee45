/** Changes one thing of a valid request, or two. */
import fc from "fast-check";
import { hostileJson, hostileText } from "./hostile_text.ts";
import type { FuzzRequest, Pairs } from "./fuzz_request.ts";

export type Mutation = (request: FuzzRequest) => FuzzRequest;

const HEADERS: Record<string, readonly string[]> = {
  "content-type": [
    "",
    "text/plain",
    "application/json",
    "application/json; charset=utf-16",
    "application/JSON;",
    "application/x-www-form-urlencoded; charset=latin1",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/scim+json",
    "application/secevent+jwt",
    "a",
    ";",
  ],
  authorization: [
    "",
    "Bearer",
    "Bearer ",
    "bearer {{user_access}}",
    "Bearer {{pat}}",
    "Bearer {{user_access}} {{user_access}}",
    "Bearer {{admin_management}}",
    "Bearer {{user_management}}",
    "Bearer {{directory_token}}",
    "Bearer {{fresh_refresh}}",
    "Bearer {{user_id_token}}",
    "Basic",
    "Basic {{client_basic}}",
    "Basic %%%",
    "Basic Og==",
    "Basic YQ==",
    "Basic /w==",
    "Basic gDqA",
    "Digest a=b",
    "DPoP {{user_access}}",
    "Bearer a, Bearer b",
  ],
  cookie: ["", "=", ";;;", "__Host-a", "__Host-yourapp=%%%", "a=\x80", "{{user_cookie}}"],
  origin: ["null", "https://evil.example", "", "a"],
  "sec-fetch-site": ["cross-site", "none", "x"],
  accept: ["", "*/*;q=x", "text/html", "application/jwt"],
  "accept-language": ["x;q=9", "*"],
  "if-match": ["*", 'W/"x"', '"', ""],
  "if-none-match": ["*", 'W/"1"', '"'],
  "x-forwarded-for": ["", ",,", "a", "1.2.3.4, ::1, x", "unknown", "[::1]:80"],
  "x-request-id": ["", "a b", "x".repeat(300), "\x80"],
  "user-agent": ["", "x".repeat(8000), "\x80\xff", "<script>"],
  host: ["", "a:b", "auth.example.test:99999", "[::1", "auth.example.test, b"],
  "content-length": ["0", "1", "-1", "a", "999999999999", "1e3"],
  "content-encoding": ["gzip", "br", "x"],
  "transfer-encoding": ["chunked", "gzip, chunked"],
  range: ["bytes=0-", "bytes=9-1"],
  "if-modified-since": ["x"],
  "x-auth-required-scope": ["openid deploy", '"', "a\tb", ""],
  "x-auth-required-max-age": ["0", "-1", "99999999999", "a"],
  "x-auth-required-acr": ["mfa", "a b", ""],
  "github-public-key-identifier": ["", "x", "a".repeat(65)],
  "github-public-key-signature": ["", "x", "MEUCIQ=="],
  "x-gitlab-token": ["", "x"],
  "access-control-request-method": ["GET", "x"],
};

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND"];

const byte = fc.integer({ min: 0, max: 255 });

/** Replaces one entry of a list. */
function replaced<T>(list: readonly T[], index: number, entries: readonly T[]): T[] {
  if (list.length === 0) return [...entries];
  const at = index % list.length;
  return [...list.slice(0, at), ...entries, ...list.slice(at + 1)];
}

function changePairs(pairs: Pairs, index: number, change: PairChange): Pairs {
  const pair = pairs[index % Math.max(pairs.length, 1)] ?? ["x", ""];
  switch (change.kind) {
    case "set":
      return replaced(pairs, index, [[pair[0], change.value]]);
    case "drop":
      return replaced(pairs, index, []);
    case "repeat":
      return [...pairs, [pair[0], change.value]];
    case "add":
      return [...pairs, [change.name, change.value]];
  }
}

type PairChange =
  | { kind: "set" | "repeat"; value: string }
  | { kind: "drop" }
  | { kind: "add"; name: string; value: string };

const pairChange: fc.Arbitrary<PairChange> = fc.oneof(
  {
    weight: 6,
    arbitrary: hostileText.map((value): PairChange => ({ kind: "set", value })),
  },
  { weight: 2, arbitrary: fc.constant<PairChange>({ kind: "drop" }) },
  { weight: 1, arbitrary: hostileText.map((value): PairChange => ({ kind: "repeat", value })) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.oneof(
        hostileText,
        fc.constantFrom("resource", "scope", "client_id", "client_secret", "back", "page", "sort"),
      ),
      hostileText,
    ).map(([name, value]): PairChange => ({ kind: "add", name, value })),
  },
);

/** The members and elements of a JSON value, by their paths. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== "object" || path.length > 12) return [path];
  const below = Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]));
  return [path, ...below];
}

function withValue(value: unknown, [key, ...rest]: readonly string[], change: unknown): unknown {
  if (key === undefined) return change;
  if (Array.isArray(value)) {
    return value.flatMap((element, index) => {
      if (String(index) !== key) return [element];
      const changed = withValue(element, rest, change);
      return changed === undefined ? [] : [changed];
    });
  }
  const members = Object.entries(value as object).map(([name, member]) =>
    [name, name === key ? withValue(member, rest, change) : member] as const
  );
  return Object.fromEntries(members);
}

const bodyMutation: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(1000), pairChange, hostileJson).map((
  [index, change, json],
) =>
(request) => {
  const { body } = request;
  if (body?.kind === "form") {
    return { ...request, body: { ...body, fields: changePairs(body.fields, index, change) } };
  }
  if (body?.kind === "json") {
    const paths = pathsOf(body.value);
    const path = paths[index % paths.length];
    const to = change.kind === "drop" ? undefined : json;
    const value = change.kind === "add" && body.value !== null && typeof body.value === "object" &&
        !Array.isArray(body.value)
      ? { ...body.value, [change.name]: json }
      : withValue(body.value, path, to);
    return { ...request, body: { kind: "json", value: value ?? null } };
  }
  if (body?.kind === "text") {
    return change.kind === "set" ? { ...request, body: { kind: "text", text: change.value } } : {
      ...request,
      body: { kind: "text", text: body.text.slice(0, index % (body.text.length + 1)) },
    };
  }
  return { ...request, query: changePairs(request.query, index, change) };
});

/** Changes the claims of a token that is signed afterward. */
const signedMutation: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(100), fc.boolean(), hostileJson).map(
  ([index, drop, json]) => (request) => {
    const { signed } = request;
    if (signed === undefined) return request;
    const paths = pathsOf(signed.claims);
    const claims = withValue(signed.claims, paths[index % paths.length], drop ? undefined : json);
    return { ...request, signed: { ...signed, claims: claims ?? null } };
  },
);

const queryMutation: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(100), pairChange).map((
  [index, change],
) =>
(request) => ({ ...request, query: changePairs(request.query, index, change) }));

const headerMutation: fc.Arbitrary<Mutation> = fc.constantFrom(...Object.keys(HEADERS)).chain((
  name,
) =>
  fc.tuple(
    fc.constant(name),
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...HEADERS[name]) },
      { weight: 1, arbitrary: hostileText },
    ),
    fc.boolean(),
  )
).map(([name, value, drop]) => (request) => ({
  ...request,
  headers: [
    ...request.headers.filter(([other]) => other !== name),
    ...drop && value === "" ? [] : [[name, value] as const],
  ],
}));

const pathMutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.nat(10),
  fc.oneof(hostileText, fc.constantFrom("..", ".", "", "%2e%2e", "a%2fb", "{{user_id}}")),
  fc.constantFrom("segment", "append", "prepend", "encoded"),
).map(([index, text, how]) => (request) => {
  const encoded = how === "encoded" ? encodeURIComponent(text.toWellFormed()) : pathSafe(text);
  const segments = request.path.split("/").slice(1);
  const path = how === "append"
    ? [...segments, encoded]
    : how === "prepend"
    ? [encoded, ...segments]
    : replaced(segments, index, [encoded]);
  return { ...request, path: `/${path.join("/")}` };
});

/** What a URL can have; a placeholder stays. */
function pathSafe(text: string): string {
  return encodeURI(text.toWellFormed()).replaceAll("?", "%3F").replaceAll("#", "%23")
    .replaceAll("%7B%7B", "{{").replaceAll("%7D%7D", "}}");
}

const damageMutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.nat(5000),
  fc.nat(20),
  fc.oneof(
    fc.array(byte, { maxLength: 8 }),
    fc.constantFrom([0], [0xff, 0xfe], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf]),
    fc.constantFrom(70_000, 300_000).map((length) => new Array<number>(length).fill(0x61)),
  ),
).map(([at, remove, bytes]) => (request) => ({
  ...request,
  damage: { at, remove, insert: Uint8Array.from(bytes) },
}));

const methodMutation: fc.Arbitrary<Mutation> = fc.constantFrom(...METHODS).map(
  (method) => (request) => ({ ...request, method }),
);

const textMutation: fc.Arbitrary<Mutation> = hostileText.map((text) => (request) => ({
  ...request,
  body: { kind: "text", text },
}));

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 10, arbitrary: bodyMutation },
  { weight: 3, arbitrary: signedMutation },
  { weight: 3, arbitrary: queryMutation },
  { weight: 4, arbitrary: headerMutation },
  { weight: 2, arbitrary: pathMutation },
  { weight: 1, arbitrary: damageMutation },
  { weight: 1, arbitrary: methodMutation },
  { weight: 1, arbitrary: textMutation },
  {
    weight: 1,
    arbitrary: fc.constant<Mutation>((request) => ({ ...request, chunked: true })),
  },
);
