import { Buffer } from "node:buffer";
import type { CityResponse, Reader } from "mmdb-lib";
import type { Log } from "./log.ts";

/** Names the place an address is at, such as "Lyon, France"; undefined if nobody knows. */
export type PlaceOf = (address: string) => Promise<string | undefined>;

/**
 * Places from the operator's MaxMind database (city or country). It is read on
 * first use and kept. A file that cannot be read costs the places and a warning,
 * never the page.
 */
export function placesFrom(file: string | undefined, log: Log): PlaceOf {
  if (file === undefined) return () => Promise.resolve(undefined);
  let opened: Promise<Reader<CityResponse> | undefined> | undefined;
  const open = async () => {
    try {
      const { Reader } = await import("mmdb-lib");
      return new Reader<CityResponse>(Buffer.from(await Deno.readFile(file)));
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound
        ? "it does not exist"
        : error instanceof Deno.errors.PermissionDenied
        ? "the user that runs the server may not read it"
        : "it is not a MaxMind database";
      log("warn", "geoip_file_unreadable", { file, reason });
    }
  };
  return async (address) => {
    const reader = await (opened ??= open());
    try {
      return placeName(reader?.get(address));
    } catch {
      // Not an address, or IPv6 in a file of IPv4 alone.
      return undefined;
    }
  };
}

function placeName(found: CityResponse | null | undefined): string | undefined {
  const names = [found?.city, found?.country ?? found?.registered_country]
    .map((part) => part?.names?.en).filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names.join(", ");
}
