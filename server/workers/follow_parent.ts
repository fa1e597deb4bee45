import { EXIT } from "../../shared/exit_codes.ts";
import type { ServerIo } from "../io.ts";

/**
 * Stops a worker when its parent is gone, which closes standard input: gracefully if the parent was
 * killed, immediately if the server is stopping already (a second signal stopped the parent).
 */
export function followParent(io: ServerIo): ServerIo {
  const gone = new AbortController();
  const watch = async () => {
    for await (const _chunk of io.stdin());
    if (io.signal.aborted) Deno.exit(EXIT.interrupted);
    gone.abort();
  };
  watch().catch(() => gone.abort());
  return { ...io, signal: AbortSignal.any([io.signal, gone.signal]) };
}
