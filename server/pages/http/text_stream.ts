import { logFailure, requestFields } from "../../request_log.ts";
import type { PageContext } from "../context.ts";
import type { PageDeps } from "./page_route.ts";

/** The body of a download, read on only as fast as the browser does. */
export function textStream(
  { log }: Pick<PageDeps, "log">,
  c: PageContext,
  pieces: Pick<AsyncGenerator<string>, "next" | "return">,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const fields = requestFields(c.req.raw);
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        // The connection breaks, so that the browser reports an incomplete file.
        logFailure(log, "page_failed", error, fields);
        controller.error(error);
      }
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
