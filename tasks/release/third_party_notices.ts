/** THIRD_PARTY_NOTICES of an archive: the licenses of everything in the program. */
export const NOTICES_FILE = "THIRD_PARTY_NOTICES";

export interface Notice {
  name: string;
  version?: string;
  license: string;
  url?: string;
  note?: string;
  text: string;
}

const RULE = "=".repeat(80);

export function thirdPartyNotices(program: string, notices: readonly Notice[]): string {
  const sections = notices.map(({ name, version, license, url, note, text }) => {
    const title = version === undefined ? name : `${name} ${version}`;
    const about = [`License: ${license}`, url, note].filter((line) => line !== undefined);
    return [RULE, title, ...about, RULE, "", text.trim(), ""].join("\n");
  });
  return [
    `${program} contains the software below, under the licenses that follow.`,
    "",
    ...sections,
  ].join("\n");
}
