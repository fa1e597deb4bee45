import type { Resource } from "./resource.ts";

/** Where the metadata of a resource is (RFC 9728), below the issuer. */
export function resourceMetadataPath({ name }: Pick<Resource, "name">): string {
  return `/resources/${name}/metadata`;
}
