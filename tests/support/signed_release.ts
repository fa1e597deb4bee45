/** The provenance of a release on a release server, signed by a Sigstore of the test. */
import { CHECKSUMS_FILE, PROVENANCE_FILE } from "../../shared/release.ts";
import type { Brand } from "../../tasks/packages/description.ts";
import { acme, type ReleaseServer } from "./release_server.ts";
import { type Flaws, releaseIdentity, type Sigstore } from "./sigstore/sigstore.ts";

/** Its subjects are the files in SHA256SUMS, as those of `brand`'s workflow. */
export function signRelease(
  server: ReleaseServer,
  version: string,
  sigstore: Sigstore,
  { brand = acme, flaws }: { brand?: Brand; flaws?: Flaws } = {},
): void {
  const folder = `/download/v${version}`;
  const sums = String(server.files.get(`${folder}/${CHECKSUMS_FILE}`));
  const subjects = sums.trimEnd().split("\n").map((line) => {
    const [sha256, name] = line.split("  ");
    return { name, sha256 };
  });
  const bundle = sigstore.attest(subjects, releaseIdentity(brand.release, version), flaws);
  server.files.set(`${folder}/${PROVENANCE_FILE}`, bundle);
}
