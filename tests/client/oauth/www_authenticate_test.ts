import assert from "node:assert/strict";
import {
  type Challenge,
  MAX_CHALLENGE_LENGTH,
  parseChallenges,
} from "../../../client/oauth/www_authenticate.ts";

type Plain = [scheme: string, parameters: Record<string, string>, token68?: string];

function plain(challenges: Challenge[] | undefined): Plain[] | undefined {
  return challenges?.map(({ scheme, parameters, token68 }) =>
    token68 === undefined
      ? [scheme, Object.fromEntries(parameters)]
      : [scheme, Object.fromEntries(parameters), token68]
  );
}

const VALID: [value: string, ...Plain[]][] = [
  [""],
  [" , ,\t, "],
  ["Bearer", ["bearer", {}]],
  ["BEARER  ", ["bearer", {}]],
  ['Bearer realm="example"', ["bearer", { realm: "example" }]],
  ["Bearer error=insufficient_scope", ["bearer", { error: "insufficient_scope" }]],
  ['Bearer ERROR = "invalid_token" , scope="a b"', [
    "bearer",
    { error: "invalid_token", scope: "a b" },
  ]],
  ['Bearer ,, error="x",,scope="y",', ["bearer", { error: "x", scope: "y" }]],
  ['Basic realm="token as password", Bearer error="invalid_token"', [
    "basic",
    { realm: "token as password" },
  ], ["bearer", { error: "invalid_token" }]],
  // RFC 9110 section 11.6.1: the example of the standard.
  [
    'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
    ["basic", { realm: "simple" }],
    ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
  ],
  ["Negotiate, Bearer scope=deploy", ["negotiate", {}], ["bearer", { scope: "deploy" }]],
  ["Negotiate YWJj==, Bearer", ["negotiate", {}, "YWJj=="], ["bearer", {}]],
  ["Negotiate a/b+c=", ["negotiate", {}, "a/b+c="]],
  // Not a parameter without a value: token68 may end with "=".
  ["Bearer realm=", ["bearer", {}, "realm="]],
  // One scheme twice: two challenges.
  ["Bearer realm=a, Bearer realm=b", ["bearer", { realm: "a" }], ["bearer", { realm: "b" }]],
  // A quoted string that looks like a challenge is text.
  ['Bearer realm="x, Basic realm=\\"y", scope="z"', ["bearer", {
    realm: 'x, Basic realm="y',
    scope: "z",
  }]],
  ['Bearer realm="\\d\\e"', ["bearer", { realm: "de" }]],
  ['Bearer realm="Zürich\ttab"', ["bearer", { realm: "Zürich\ttab" }]],
  ['Bearer realm=""', ["bearer", { realm: "" }]],
  // Names that objects have are names like any other.
  ['Bearer __proto__="x", constructor=y', ["bearer", { ["__proto__"]: "x", constructor: "y" }]],
];

const MALFORMED = [
  "=",
  '"Bearer"',
  'realm="x"',
  'Bearer realm="x',
  'Bearer realm="x\\',
  'Bearer realm="x" scope="y"',
  'Bearer realm="x"scope="y"',
  "Bearer realm=a b",
  "Bearer realm=x, realm=y",
  'Bearer Realm=x, rEALM="y"',
  'Bearer realm="a\nb"',
  'Bearer realm="a\x00b"',
  "Bearer realm=é",
  "Bearer;realm=x",
  "Bearer@example.com",
  "Bearer YWJj==, realm=x",
  "Bearer realm==x",
  "https://example.com/",
];

Deno.test("parses each challenge with its parameters (RFC 9110 section 11.6.1)", () => {
  for (const [value, ...challenges] of VALID) {
    // Without prototypes, since names may be __proto__.
    assert.equal(
      JSON.stringify(plain(parseChallenges(value))),
      JSON.stringify(challenges),
      JSON.stringify(value),
    );
  }
});

Deno.test("rejects malformed challenges as a whole", () => {
  for (const value of MALFORMED) {
    assert.equal(parseChallenges(value), undefined, JSON.stringify(value));
  }
});

Deno.test("rejects a value that is too long, and takes linear time for any other", () => {
  assert.equal(parseChallenges("a".repeat(MAX_CHALLENGE_LENGTH + 1)), undefined);
  const repeat = (piece: string) => piece.repeat(MAX_CHALLENGE_LENGTH / piece.length);
  const hostile = [
    ...["a", ",", " ", "=", '"', "\\", "a=", "a,", "a ", 'a="', "a b ", '\\"'].map(repeat),
    `a ${repeat("=").slice(2)}`,
    `a b="${repeat("\\\\").slice(5)}`,
    `Bearer ${repeat("aa=b,").slice(7)}`,
  ];
  // Quadratic would be 67 million steps each: seconds, whereas linear is below a millisecond.
  const start = performance.now();
  for (let round = 0; round < 20; round++) hostile.forEach(parseChallenges);
  assert.ok(performance.now() - start < 10_000);
});
