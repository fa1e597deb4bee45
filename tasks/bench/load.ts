/** Runs wrk, and reads what it found. */

/** Connections kept busy, as in docs/performance.md. */
const CONNECTIONS = 64;

export interface Load {
  url: string;
  /** Seconds. */
  duration: number;
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  /** A file of tokens, one a line: each request presents the next one. */
  tokenFile?: string;
  /** The body of a request that presents a token; `TOKEN` stands for it. Else it goes in the header. */
  tokenBody?: string;
}

/** Requests answered in a second. Throws if any was answered with an error. */
export async function requestsPerSecond(load: Load): Promise<number> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, lua(load));
    const { success, stdout, stderr } = await new Deno.Command("wrk", {
      args: [
        ...["--threads", "1", "--connections", String(CONNECTIONS)],
        ...["--duration", `${load.duration}s`, "--script", script, load.url],
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    if (!success) throw new Error(`wrk: ${new TextDecoder().decode(stderr)}`);
    if (/Non-2xx|Socket errors/.test(text)) throw new Error(`not all was answered:\n${text}`);
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]);
  } finally {
    await Deno.remove(script);
  }
}

function lua({ method = "GET", headers = {}, body, tokenFile, tokenBody }: Load): string {
  const quote = (text: string) => JSON.stringify(text);
  const lines = [
    `wrk.method = ${quote(method)}`,
    ...Object.entries(headers).map(([name, value]) =>
      `wrk.headers[${quote(name)}] = ${quote(value)}`
    ),
    ...body === undefined ? [] : [`wrk.body = ${quote(body)}`],
  ];
  if (tokenFile === undefined) return lines.join("\n");
  const present = tokenBody === undefined
    ? `wrk.headers["authorization"] = "Bearer " .. token\n  return wrk.format()`
    : `return wrk.format(nil, nil, nil, (string.gsub(${quote(tokenBody)}, "TOKEN", token)))`;
  return [
    ...lines,
    "local tokens = {}",
    `for line in io.lines(${quote(tokenFile)}) do tokens[#tokens + 1] = line end`,
    "local next = 0",
    "function request()",
    "  next = next % #tokens + 1",
    "  local token = tokens[next]",
    `  ${present}`,
    "end",
  ].join("\n");
}
