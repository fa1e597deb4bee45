import { Buffer } from "node:buffer";
import type { CityResponse, Reader } from "mmdb-lib";
import type { Log } from "./log.ts";

/** Returns the location of an IP address, such as "Lyon, France"; undefined if it is unknown. */
export type GeoipLookup = (address: string) => Promise<string | undefined>;

/**
 * Looks locations up in the operator's MaxMind database (city or country), which is loaded on
 * first use. If it cannot be read, that is logged, and pages show no locations.
 */
export function geoipLookup(file: string | undefined, log: Log): GeoipLookup {
  if (file === undefined) return () => Promise.resolve(undefined);
  let loading: Promise<Reader<CityResponse> | undefined> | undefined;
  const load = async () => {
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
    const reader = await (loading ??= load());
    try {
      return placeName(reader?.get(address));
    } catch {
      // Not an address, or IPv6 in a database that has only IPv4.
      return undefined;
    }
  };
}

function placeName(response: CityResponse | null | undefined): string | undefined {
  const names = [response?.city, response?.country ?? response?.registered_country]
    .map((part) => part?.names?.en).filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names.join(", ");
}
