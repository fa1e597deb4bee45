/** What one run of `deno test` found: its JUnit report, and what it wrote about files. */

export interface TestFailure {
  /** The test with its steps, or the file or check that failed. */
  name: string;
  file?: string;
  error: string;
}

/** A test that this machine cannot run: another system, or a runtime that is not there. */
export interface SkippedTest {
  name: string;
  file: string;
}

export interface TestReport {
  passed: number;
  skipped: SkippedTest[];
  failures: TestFailure[];
}

/** Reads what Deno wrote with `--junit-path`, and on the screen, where files that do not load appear. */
export function readTestReport(xml: string, output: string): TestReport {
  const cases = [...xml.matchAll(/<testcase ([^>]*)>([^]*?)<\/testcase>/g)]
    .map(([, attributes, body]) => ({
      name: attribute(attributes, "name"),
      file: attribute(attributes, "classname"),
      skipped: body.includes("<skipped"),
      error: /<(?:failure|error)[^>]*>([^]*?)<\/(?:failure|error)>/.exec(body)?.[1],
    }));
  const failed = cases.filter(({ error }) => error !== undefined);
  return {
    passed: cases.filter(({ error, skipped }) => error === undefined && !skipped).length,
    skipped: cases.filter(({ skipped }) => skipped).map(({ name, file }) => ({ name, file })),
    failures: [
      ...failed.map(({ name, file, error }) => ({ name, file, error: decode(error!) })),
      ...uncaughtErrors(output),
    ],
  };
}

/** Errors outside any test: the JUnit report does not have them. */
function uncaughtErrors(output: string): TestFailure[] {
  return [...output.matchAll(/^(\S+) \(uncaught error\)\n(error: [^]*?)\n\n/gm)]
    .map(([, file, error]) => ({ name: "uncaught error", file, error }));
}

/** Skipped tests by file, so that a missing runtime is not overlooked. */
export function listSkipped(skipped: readonly SkippedTest[]): string {
  const files = Map.groupBy(skipped, ({ file }) => file);
  return [...files].flatMap(([file, tests]) => [file, ...tests.map(({ name }) => `    ${name}`)])
    .join("\n");
}

/** The failures as the end of a log shows them: the beginning of each error. */
export function listFailures(failures: readonly TestFailure[], linesEach = 12): string {
  return failures.map(({ name, file, error }) => {
    const lines = error.trim().split("\n");
    const excerpt = lines.length > linesEach ? [...lines.slice(0, linesEach), "…"] : lines;
    const title = file === undefined ? name : `${name} (${file})`;
    return [title, ...excerpt.map((line) => `    ${line}`)].join("\n");
  }).join("\n\n");
}

function attribute(attributes: string, name: string): string {
  return decode(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function decode(text: string): string {
  return text
    .replace(
      /&(?:#(x?)([0-9a-f]+)|(\w+));/gi,
      (entity, hex, code, name) =>
        code === undefined
          ? ENTITIES[name] ?? entity
          : String.fromCodePoint(parseInt(code, hex === "" ? 10 : 16)),
    );
}
