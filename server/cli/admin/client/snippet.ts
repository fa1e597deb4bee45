import { EXIT } from "../../../../shared/exit_codes.ts";
import type { SnippetLanguage } from "../../../admin/snippets/snippet.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** `admin client snippet`: prints the program as it is to be saved. */
export async function adminClientSnippet(
  id: string,
  { language, ...options }: DatabaseOptions & { language: SnippetLanguage },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("clientSnippet", { id, language }, options, io, ({ source }) => {
    io.stdout(source);
    return EXIT.ok;
  });
}
