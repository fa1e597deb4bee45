/** Runs wrk, and reads what it found. */

/** Kept busy, if a load says nothing else. */
const CONNECTIONS = 64;
/** After which a request counts as failed. */
const TIMEOUT_S = 30;

export interface Load {
  url: string;
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  /** A file of tokens, one a line: each request presents the next one. */
  tokenFile?: string;
  /** The body of a request that presents a token of the file is this and the token; else the header has it. */
  bodyBeforeToken?: string;
  /** What follows the token in that body. */
  bodyAfterToken?: string;
  /** Whether every answer is a refusal. */
  refused?: boolean;
  /** A pattern of Lua: what it finds in an answer is presented by a later request, once. */
  nextToken?: string;
  /** What `pattern`, of Lua, finds in the answers is added to a file, one a line. */
  collect?: { pattern: string; file: string };
  /** Kept busy; 64 by default. */
  connections?: number;
  /** Whether each request says that it comes from an address of its own, behind a proxy. */
  manyAddresses?: boolean;
}

export interface LoadResult {
  requests: number;
  /** Answers that were not the expected ones, or too late. */
  failed: number;
  perSecond: number;
  /** Milliseconds from request to answer. */
  p50: number;
  p99: number;
}

/** Requests answered in a second. Throws if any was answered otherwise than expected. */
export async function requestsPerSecond(load: Load, seconds: number): Promise<number> {
  const { perSecond, failed } = await runLoad(load, seconds);
  if (failed > 0) throw new Error(`${load.url}: ${failed} requests failed`);
  return perSecond;
}

/** A second time if the machine was too busy to answer any. */
export async function runLoad(load: Load, seconds: number): Promise<LoadResult> {
  return await runWrk(load, seconds) ?? await runWrk(load, seconds * 4) ??
    fail(`${load.url}: no answer in ${seconds * 4} s`);
}

function fail(message: string): never {
  throw new Error(message);
}

/** Undefined without any answer. */
async function runWrk(load: Load, seconds: number): Promise<LoadResult | undefined> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, lua(load));
    const { success, stdout, stderr } = await new Deno.Command("wrk", {
      args: [
        ...["--threads", "1", "--connections", String(load.connections ?? CONNECTIONS)],
        ...[
          "--duration",
          `${seconds}s`,
          "--timeout",
          `${TIMEOUT_S}s`,
          "--script",
          script,
          load.url,
        ],
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
    const requests = number(/(\d+) requests in/);
    const refused = number(/Non-2xx or 3xx responses: (\d+)/);
    const errors = /Socket errors: .*/.exec(text)?.[0].match(/\d+/g)?.map(Number) ?? [];
    if (!success) throw new Error(`${load.url}: ${new TextDecoder().decode(stderr)}${text}`);
    if (requests === 0) return undefined;
    return {
      requests,
      failed: (load.refused ? requests - refused : refused) +
        errors.reduce((sum, count) => sum + count, 0),
      perSecond: number(/Requests\/sec:\s+([\d.]+)/),
      p50: number(/p50_us=(\d+)/) / 1000,
      p99: number(/p99_us=(\d+)/) / 1000,
    };
  } finally {
    await Deno.remove(script);
  }
}

/** The load as wrk's script. */
function lua(load: Load): string {
  const { method = "GET", headers = {}, body, tokenFile, bodyBeforeToken } = load;
  const after = load.bodyAfterToken ?? "";
  const quote = (text: string) => JSON.stringify(text);
  const header = (name: string, value: string) => `wrk.headers[${quote(name)}] = ${value}`;
  const lines = [
    `wrk.method = ${quote(method)}`,
    ...Object.entries(headers).map(([name, value]) => header(name, quote(value))),
    ...body === undefined ? [] : [`wrk.body = ${quote(body)}`],
    "function done(_, latency)",
    '  print(string.format("p50_us=%d p99_us=%d", latency:percentile(50), latency:percentile(99)))',
    "end",
  ];
  const change = [
    ...load.manyAddresses
      ? [
        `  ${header("x-forwarded-for", "string.format('10.%d.%d.%d', octet(), octet(), octet())")}`,
      ]
      : [],
    ...tokenFile === undefined ? [] : ["  local token = nextToken()"],
    ...tokenFile !== undefined && bodyBeforeToken === undefined
      ? [`  ${header("authorization", '"Bearer " .. token')}`]
      : [],
  ];
  if (change.length > 0) {
    lines.push(
      "local function octet() return math.random(0, 255) end",
      "function request()",
      ...change,
      bodyBeforeToken === undefined
        ? "  return wrk.format()"
        : `  return wrk.format(nil, nil, nil, ${quote(bodyBeforeToken)} .. token .. ${
          quote(after)
        })`,
      "end",
    );
  }
  return [...tokenFile === undefined ? [] : tokenQueue(tokenFile, load), ...lines, ...reader(load)]
    .join("\n");
}

/** The tokens of the file in turn; those of answers, where the load says so, each once. */
function tokenQueue(tokenFile: string, { nextToken }: Load): string[] {
  return [
    "local tokens, first = {}, 1",
    `for line in io.lines(${JSON.stringify(tokenFile)}) do tokens[#tokens + 1] = line end`,
    "local last = #tokens",
    "local function add(added) last = last + 1 tokens[last] = added end",
    "local function nextToken()",
    '  local token = tokens[first] or ""',
    "  tokens[first] = nil",
    "  first = first + 1",
    ...nextToken === undefined ? ["  add(token)"] : [],
    "  return token",
    "end",
  ];
}

/** Reading answers costs wrk time, so only where they are needed. */
function reader({ nextToken, collect }: Load): string[] {
  if (nextToken === undefined && collect === undefined) return [];
  return [
    ...collect === undefined ? [] : [
      `local file = io.open(${JSON.stringify(collect.file)}, "a")`,
      'file:setvbuf("line")',
    ],
    "function response(_, _, body)",
    ...nextToken === undefined ? [] : [
      `  local found = body:match(${JSON.stringify(nextToken)})`,
      "  if found then add(found) end",
    ],
    ...collect === undefined ? [] : [
      `  local value = body:match(${JSON.stringify(collect.pattern)})`,
      '  if value then file:write(value, "\\n") end',
    ],
    "end",
  ];
}
