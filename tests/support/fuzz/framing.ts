/** How a request becomes bytes: in every way that HTTP/1 allows, and in many that it does not. */
import fc from "fast-check";
import type { EncodedRequest } from "./fuzz_request.ts";

/** A way that RFC 9112 allows. */
export interface Framing {
  version: "1.0" | "1.1";
  /** Sizes of chunks, repeated; undefined: Content-Length. */
  chunks?: readonly number[];
  /** Of each chunk (RFC 9112 section 7.1.1). */
  extension: string;
  trailer: boolean;
  letters: "lower" | "upper";
  /** Around the values of headers. */
  space: string;
  /** The absolute form of the target (RFC 9112 section 3.2.2). */
  absolute: boolean;
  /** Bytes that are written at a time; 0: all. */
  pieces: number;
  /** An empty line before the request (RFC 9112 section 2.2). */
  emptyLine: boolean;
}

export const framing: fc.Arbitrary<Framing> = fc.record<Framing>({
  version: fc.constantFrom("1.1", "1.1", "1.1", "1.0"),
  chunks: fc.option(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 }), {
    nil: undefined,
  }),
  extension: fc.constantFrom("", "", ";a", ";a=b", ';a="b;c"'),
  trailer: fc.boolean(),
  letters: fc.constantFrom("lower", "upper"),
  space: fc.constantFrom(" ", "", "\t", "   "),
  absolute: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  pieces: fc.constantFrom(0, 0, 0, 1, 7, 100, 1400),
  emptyLine: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
});

/** Headers that decide where a message ends, or who answers it. */
const HOP_HEADERS = [
  ...["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te"],
];

/** Whether its parts can be sent in a valid message; its framing is up to `frame` then. */
export function isSendable({ method, target, headers }: EncodedRequest): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method) && /^\/[\x21-\x7e]*$/.test(target) &&
    target.length < 60_000 &&
    headers.every(([name, value]) =>
      !HOP_HEADERS.includes(name.toLowerCase()) && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) &&
      /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
    ) && headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0) < 60_000;
}

/** The bytes of a valid message. */
export function frame(
  { method, target, headers, body }: EncodedRequest,
  how: Framing,
  { origin, more, last }: { origin: URL; more: readonly [string, string][]; last: boolean },
): Uint8Array {
  const content = body ?? new Uint8Array();
  const chunked = how.chunks !== undefined && how.version === "1.1" && body !== undefined;
  const all: [string, string][] = [
    ["host", origin.host],
    ...headers.filter(([name]) => !HOP_HEADERS.includes(name.toLowerCase())),
    ...more,
    ...chunked
      ? [["transfer-encoding", "chunked"] as [string, string]]
      : body !== undefined || !["GET", "HEAD", "OPTIONS", "DELETE"].includes(method)
      ? [["content-length", String(content.length)] as [string, string]]
      : [],
    // HTTP/1.0 closes without it.
    ...last ? [["connection", "close"] as [string, string]] : [],
    ...!last && how.version === "1.0" ? [["connection", "keep-alive"] as [string, string]] : [],
  ];
  const { space } = how;
  const name = (text: string) => how.letters === "upper" ? text.toUpperCase() : text;
  const lines = all.map(([header, value]) => `${name(header)}:${space}${value}${space}\r\n`);
  const requested = how.absolute ? origin.origin + target : target;
  const head = `${how.emptyLine ? "\r\n" : ""}${method} ${requested} HTTP/${how.version}\r\n` +
    `${lines.join("")}\r\n`;
  return concat([latin1(head), ...chunked ? chunksOf(content, how) : [content]]);
}

function chunksOf(content: Uint8Array, { chunks, extension, trailer }: Framing): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0, count = 0; at < content.length; count++) {
    const size = chunks![count % chunks!.length];
    const part = content.subarray(at, at + size);
    parts.push(latin1(`${part.length.toString(16)}${extension}\r\n`), part, latin1("\r\n"));
    at += size;
  }
  parts.push(latin1(`0\r\n${trailer ? "x-trailer: a\r\n" : ""}\r\n`));
  return parts;
}

/** Changes a valid message to one that is not, or that few clients send. */
export type Damage = (message: string) => string;

const firstLine = (change: (line: string) => string): Damage => (message) => {
  const end = message.indexOf("\r\n");
  return change(message.slice(0, end)) + message.slice(end);
};
const withHeader = (lines: string): Damage => (message) => {
  const end = message.indexOf("\r\n") + 2;
  return message.slice(0, end) + lines + message.slice(end);
};
const withoutHost: Damage = (message) => message.replace(/\r\nhost:[^\r]*/i, "");

const SMUGGLED = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

const FIXED: readonly Damage[] = [
  ...[
    "content-length: 5\r\ncontent-length: 6\r\n",
    "content-length: 5\r\ntransfer-encoding: chunked\r\n",
    "content-length: 5, 5\r\n",
    "content-length: +5\r\n",
    "content-length: 0x5\r\n",
    "content-length: 18446744073709551616\r\n",
    "content-length:\r\n",
    "transfer-encoding: chunked, chunked\r\n",
    "transfer-encoding: identity\r\n",
    "transfer-encoding: xchunked\r\n",
    "transfer-encoding: chunked, gzip\r\n",
    "transfer-encoding : chunked\r\n",
    "transfer-encoding:\x0bchunked\r\n",
    "host: other.example\r\n",
    "host:\r\n",
    "x-a: b\r\n c\r\n",
    " x-a: b\r\n",
    "x-a\r\n",
    ": b\r\n",
    "x a: b\r\n",
    "x-\x00: b\r\n",
    "x-a: \x00\r\n",
    "x-a: b\rc: d\r\n",
    "x-a: b\nc: d\r\n",
    `x-a: ${"b".repeat(100_000)}\r\n`,
    `x-${"a".repeat(70_000)}: b\r\n`,
    "x-a: b\r\n".repeat(300),
    "x-a:\r\n".repeat(20_000),
    "expect: 100-continue\r\n",
    "expect: something\r\n",
    "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    "upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABk\r\n",
    "connection: keep-alive, host, authorization\r\n",
    "te: trailers, deflate;q=0.5\r\n",
    "content-encoding: gzip\r\n",
    "accept-encoding: br, gzip, *;q=0\r\n",
  ].map(withHeader),
  ...[
    (line: string) => line.replace("HTTP/1", "HTTP/2"),
    (line: string) => line.replace(/HTTP\/1\..$/, "HTTP/1.9"),
    (line: string) => line.replace(/ HTTP\/1\..$/, ""),
    (line: string) => line.toLowerCase(),
    (line: string) => line.replace(" ", "  "),
    (line: string) => line.replace(" ", "\t"),
    (line: string) => `${line} x`,
    (line: string) => `\0${line}`,
    (line: string) => line.replace(/ \S+ /, " * "),
    (line: string) => line.replace(/ \S+ /, " a.example:443 ").replace(/^\w+/, "CONNECT"),
    (line: string) => line.replace(/^\w+/, "TRACE"),
    (line: string) => line.replace(/ \S+ /, " http://other.example/ "),
    (line: string) => line.replace(/ \S+ /, " //other.example/ "),
    (line: string) => line.replace(/ \S+ /, " file:///etc/passwd "),
    (line: string) => line.replace(/ \S+ /, ` /${"a".repeat(70_000)} `),
    (line: string) => line.replace(/ \S+ /, " /\x80\xff "),
    (line: string) => line.replace(/ \S+ /, " /# "),
    (line: string) => line.replace(/^\w+/, "G(T"),
    (line: string) => line.replace(/^\w+/, "A".repeat(20_000)),
  ].map(firstLine),
  withoutHost,
  (message) => message.replaceAll("\r\n", "\n"),
  (message) => message.replaceAll("\r\n", "\r"),
  (message) => message.replace(/\r\n\r\n[^]*$/, "\r\n"),
  (message) => message.replace(/content-length: \d+/i, "content-length: 100000"),
  (message) => message.replace(/content-length: \d+/i, "content-length: 1") + SMUGGLED,
  (message) => message.replace(/content-length: \d+/i, "transfer-encoding: chunked"),
  (message) =>
    withHeader("transfer-encoding: chunked\r\n")(message).replace(
      /\r\n\r\n[^]*$/,
      `\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ),
  ...["ffffffffffffffff", "fffffffffffffffff", "-1", "0x1", "", " 1", "1 ", "1\t;", "g", "7fffffff"]
    .map((size): Damage => (message) =>
      message.replace(/content-length: \d+/i, "transfer-encoding: chunked").replace(
        /\r\n\r\n[^]*$/,
        `\r\n\r\n${size}\r\na\r\n0\r\n\r\n`,
      )
    ),
  (message) =>
    message.replace(/content-length: \d+/i, "transfer-encoding: chunked").replace(
      /\r\n\r\n[^]*$/,
      `\r\n\r\n1;${"a".repeat(100_000)}\r\na\r\n0\r\n\r\n`,
    ),
  () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  () =>
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x08\x06\0\0\0\0\0AAAAAAAA\xff\xff\xff\x01\x05\0\0\0\x01",
  () => "\r\n".repeat(2000),
  () => "",
];

/** What TLS clients and others send first. */
export const NOT_HTTP: readonly string[] = [
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "r".repeat(508),
  "\x16\x03\x01\xff\xff\x01",
  "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
  "\x16\x03\x03\x00\x00",
  "\x15\x03\x03\x00\x02\x02\x28",
  "\x17\x03\x03\x40\x00" + "a".repeat(0x4000),
  "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + "a".repeat(37),
  "SSH-2.0-OpenSSH_9.9\r\n",
  "\0\0\0\x08\x04\xd2\x16\x2f",
  "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
  "\r\n\r\n\0\r\nQUIT\n",
  "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
  "",
];

const bytes = fc.uint8Array({ maxLength: 300 }).map((list) => String.fromCharCode(...list));

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...FIXED) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(100_000), fc.nat(30), bytes).map(
      ([at, remove, insert]): Damage => (message) => {
        const start = at % (message.length + 1);
        return message.slice(0, start) + insert + message.slice(start + remove);
      },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(100_000).map((at): Damage => (message) =>
      message.slice(0, at % (message.length + 1))
    ),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(bytes, fc.constantFrom(...NOT_HTTP)).map((text): Damage => () => text),
  },
);

/** One byte for each character. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function fromLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 10_000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 10_000));
  }
  return text;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
