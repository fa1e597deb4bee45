/** The authorities and logs that may vouch for a release, where the user names others. */
import { ClientError } from "../errors.ts";
import { describeFileError } from "../credentials/file_error.ts";

/**
 * Those in a file: JSON, or one JSON document on each line, as `gh attestation trusted-root` prints
 * them. Throws ClientError.
 */
export async function readTrustedRoots(path: string): Promise<unknown[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const reason = error instanceof Error ? describeFileError(error) : String(error);
    throw invalid(`--trusted-root: the file cannot be read (${reason}).`);
  }
  const roots = parseDocument(text) ??
    text.split("\n").filter((line) => line.trim() !== "").map(parseDocument);
  const documents = [roots].flat();
  const isRoot = (root: unknown) => Array.isArray(Object(root).certificateAuthorities);
  if (documents.length > 0 && documents.every(isRoot)) return documents;
  throw invalid(
    "--trusted-root: the file is not a trusted root of Sigstore. " +
      "To write one: gh attestation trusted-root > FILE",
  );
}

function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(message: string): ClientError {
  return new ClientError("invalid_option", message);
}
