/** Runs wrk, and reads what it found. */

/** Connections kept busy. */
const CONNECTIONS = 64;

export interface Load {
  url: string;
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  /** A file of tokens, one a line: each request presents the next one. */
  tokenFile?: string;
  /** The body of a request that presents a token of the file is this and the token; else the header has it. */
  bodyBeforeToken?: string;
  /** Whether every answer is a refusal. */
  refused?: boolean;
}

/** Requests answered in a second. Throws if any was answered otherwise than expected. */
export async function requestsPerSecond(load: Load, seconds: number): Promise<number> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, lua(load));
    const { success, stdout, stderr } = await new Deno.Command("wrk", {
      args: [
        ...["--threads", "1", "--connections", String(CONNECTIONS)],
        ...["--duration", `${seconds}s`, "--script", script, load.url],
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
    const requests = number(/(\d+) requests in/);
    const refused = number(/Non-2xx or 3xx responses: (\d+)/);
    const expected = refused === (load.refused ? requests : 0) && !/Socket errors/.test(text);
    if (!success || requests === 0 || !expected) {
      throw new Error(`${load.url}: ${new TextDecoder().decode(stderr)}${text}`);
    }
    return number(/Requests\/sec:\s+([\d.]+)/);
  } finally {
    await Deno.remove(script);
  }
}

/** The load as wrk's script. */
function lua({ method = "GET", headers = {}, body, tokenFile, bodyBeforeToken }: Load): string {
  const quote = (text: string) => JSON.stringify(text);
  const lines = [
    `wrk.method = ${quote(method)}`,
    ...Object.entries(headers).map(([name, value]) =>
      `wrk.headers[${quote(name)}] = ${quote(value)}`
    ),
    ...body === undefined ? [] : [`wrk.body = ${quote(body)}`],
  ];
  if (tokenFile === undefined) return lines.join("\n");
  return [
    ...lines,
    "local tokens = {}",
    `for line in io.lines(${quote(tokenFile)}) do tokens[#tokens + 1] = line end`,
    "local next = 0",
    "function request()",
    "  next = next % #tokens + 1",
    ...bodyBeforeToken === undefined
      ? ['  wrk.headers["authorization"] = "Bearer " .. tokens[next]', "  return wrk.format()"]
      : [`  return wrk.format(nil, nil, nil, ${quote(bodyBeforeToken)} .. tokens[next])`],
    "end",
  ].join("\n");
}
