import type { ExpositionFormat } from "./exposition.ts";

interface Family {
  /** Its HELP and TYPE. */
  comments: string[];
  samples: string[];
}

/** Expositions of several processes as one: each sample gets the number of its process as a label. */
export function combineWorkers(
  texts: ReadonlyMap<number, string>,
  format: ExpositionFormat,
): string {
  const families = new Map<string, Family>();
  for (const [worker, text] of texts) addFamilies(families, worker, text);
  const lines = [...families.values()].flatMap(({ comments, samples }) => [
    ...comments,
    ...samples,
  ]);
  if (format === "openmetrics") lines.push("# EOF");
  return [...lines, ""].join("\n");
}

function addFamilies(families: Map<string, Family>, worker: number, text: string): void {
  let family: Family | undefined;
  for (const line of text.split("\n")) {
    if (line === "" || line === "# EOF") continue;
    if (!line.startsWith("#")) {
      family?.samples.push(withWorker(line, worker));
      continue;
    }
    const name = line.split(" ")[2];
    family = families.get(name) ?? { comments: [], samples: [] };
    families.set(name, family);
    if (!family.comments.includes(line)) family.comments.push(line);
  }
}

/** Names of metrics have neither braces nor spaces. */
function withWorker(sample: string, worker: number): string {
  const end = sample.search(/[{ ]/);
  const [name, rest] = [sample.slice(0, end), sample.slice(end)];
  const label = `worker="${worker}"`;
  return rest.startsWith("{") ? `${name}{${label},${rest.slice(1)}` : `${name}{${label}}${rest}`;
}
