import type { KnownSeal } from "../../../audit/check_chain.ts";

/** Chains whose last seal is kept, the newest ones: they are sent to the server. */
const MAX_SEALS = 2000;
/** Longer lines are not of the log. */
const MAX_LINE = 16_384;

/**
 * The last seal of each chain in a log of the server, in either format and with anything before it,
 * as journalctl prints it.
 */
export async function readSeals(input: AsyncIterable<Uint8Array>): Promise<KnownSeal[]> {
  const last = new Map<string, KnownSeal>();
  for await (const line of linesOf(input)) {
    const seal = sealIn(line);
    if (seal === undefined) continue;
    const known = last.get(seal.chain);
    if (known === undefined || BigInt(seal.position) >= BigInt(known.position)) {
      last.set(seal.chain, seal);
    }
    if (last.size > MAX_SEALS) last.delete(last.keys().next().value!);
  }
  return [...last.values()];
}

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of input) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!.slice(0, MAX_LINE);
    yield* lines;
  }
  yield rest;
}

function sealIn(line: string): KnownSeal | undefined {
  if (line.length > MAX_LINE) return undefined;
  // Text of others is always within quotes, in which quotes are escaped.
  const start = line.search(/^[^"]* info audit_sealed |"event":"audit_sealed",/);
  if (start === -1) return undefined;
  const fields = line.slice(start);
  const chain = /["\s]chain"?[=:]"?([0-9]{1,18})["\s,}]/.exec(fields)?.[1];
  const position = /["\s]position"?[=:]"?([0-9]{1,18})["\s,}]/.exec(fields)?.[1];
  const link = /["\s]link"?[=:]"?([0-9a-f]{64})/.exec(fields)?.[1];
  if (chain === undefined || position === undefined || link === undefined) return undefined;
  return { chain, position, link };
}
