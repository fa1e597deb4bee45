/**
 * What must agree before a release is built: the tag with the version, and the brand with the
 * repository that publishes it and the workflow that signs it. Installers and `upgrade` compare the
 * provenance with the brand, so that a release whose brand names others could not be installed.
 */

/** Each is checked if it is given. */
export interface ReleaseRun {
  /** `v1.2.3`. */
  tag?: string;
  /** On GitHub, that the release is created in: `owner/name`. */
  repository?: string;
  /** The workflow that the provenance will name: `owner/name/.github/workflows/file.yml`. */
  signerWorkflow?: string;
}

export interface ReleaseBrand {
  release: { repository: string; url: string; signerWorkflow: string };
}

/** Throws with everything that differs. */
export function checkReleaseRun(run: ReleaseRun, brand: ReleaseBrand, version: string): void {
  const { release } = brand;
  const problems: string[] = [];
  const compare = (what: string, actual: string | undefined, expected: string) => {
    if (actual !== undefined && actual !== expected) {
      problems.push(`${what}: this run has ${JSON.stringify(actual)}, not "${expected}".`);
    }
  };
  compare("tag", run.tag, `v${version}`);
  compare("release.repository of the brand", run.repository, release.repository);
  compare("release.signerWorkflow of the brand", run.signerWorkflow, release.signerWorkflow);
  if (run.repository !== undefined) {
    compare(
      "release.url of the brand",
      release.url,
      `https://github.com/${run.repository}/releases`,
    );
  }
  if (problems.length > 0) {
    throw new Error(
      `The release would not be found or trusted:\n  ${problems.join("\n  ")}\n` +
        "Correct the brand or the tag: docs/releases.md",
    );
  }
}

/**
 * Throws if a brand file lacks a name, or has one of another type: the build copies it over
 * shared/brand.ts without checking types.
 */
export function checkBrandShape(brand: unknown, own: unknown, path = "brand"): void {
  if (typeof brand !== typeof own) {
    throw new Error(`${path} of the brand file is ${typeof brand} instead of ${typeof own}.`);
  }
  if (typeof own !== "object" || own === null) return;
  for (const [key, value] of Object.entries(own)) {
    checkBrandShape((brand as Record<string, unknown> | null)?.[key], value, `${path}.${key}`);
  }
}
