/** The files that name the version of the next release. */
import { changelogSection, UNRELEASED } from "./release_notes.ts";

export interface VersionedFiles {
  /** CHANGELOG.md */
  changelog: string;
  /** deno.json */
  config: string;
  /** shared/version.ts */
  source: string;
}

/** https://semver.org, without build metadata, which is not valid in all places of a package. */
const VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*)?$/;

/** Moves what is unreleased to `version`. Throws if there is nothing, or the version exists. */
export function prepareRelease(
  { changelog, config, source }: VersionedFiles,
  version: string,
  date: string,
): VersionedFiles {
  if (!VERSION.test(version)) throw new Error(`"${version}" is not a version such as 1.2.3.`);
  changelogSection(changelog, UNRELEASED);
  if (changelog.includes(`\n## ${version} `)) throw new Error(`CHANGELOG.md has ${version}.`);
  return {
    changelog: replaceOnce(
      changelog,
      /\n## Unreleased\n/,
      `\n## ${UNRELEASED}\n\n## ${version} - ${date}\n`,
    ),
    config: replaceOnce(config, /("version": ")[^"]+"/, `$1${version}"`),
    source: replaceOnce(source, /(export const version = ")[^"]+"/, `$1${version}"`),
  };
}

function replaceOnce(text: string, pattern: RegExp, replacement: string): string {
  if (!pattern.test(text)) throw new Error(`There is no ${pattern.source} to replace.`);
  return text.replace(pattern, replacement);
}
