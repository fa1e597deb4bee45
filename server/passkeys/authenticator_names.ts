import { browserName } from "../http/browser_name.ts";

/**
 * Names of passkey providers by AAGUID, from the community's list
 * (github.com/passkeydeveloper/passkey-authenticator-aaguids) and Yubico's documentation. Only to
 * name a passkey: without attestation an authenticator can claim to be any of them.
 */
const NAMES: Readonly<Record<string, string>> = {
  "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
  "0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6": "Keeper",
  "149a2021-8ef6-4133-96b8-81f8d5b7f1f5": "Security Key by Yubico",
  "19083c3d-8383-4b18-bc03-8f1c9ab2fd1b": "YubiKey 5",
  "22248c4c-7a12-46e2-9a41-44291b373a4d": "LogMeOnce",
  "2fc0579f-8113-47ea-b116-bb5a8db9202a": "YubiKey 5 NFC",
  "39a5647e-1853-446c-a1f6-a79bae9f5bc7": "IDmelon",
  "50726f74-6f6e-5061-7373-50726f746f6e": "Proton Pass",
  "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
  "531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
  "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
  "771b48fd-d3d4-4f74-9232-fc157ab0507a": "Edge on macOS",
  "9addb28c-b46f-4402-808f-019651441ff3": "KeePassPasskey",
  "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
  "a11a5faa-9f32-4b8c-8c5d-2f7d13e8c942": "AliasVault",
  "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on macOS",
  "b35a26b2-8f6e-4697-ab1d-d44db4da28c6": "Zoho Vault",
  "b5397666-4885-aa6b-cebf-e52262a439a2": "Chromium",
  "b78a0a55-6ef8-d246-a042-ba0f6d55050c": "LastPass",
  "b84e4048-15dc-4dd0-8640-f4f60813c8af": "NordPass",
  "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
  "cb69481e-8ff7-4039-93ec-0a2729a154a8": "YubiKey 5",
  "d3452668-01fd-4c12-926c-83a4204853aa": "Microsoft Password Manager",
  "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
  "d8522d9f-575b-4866-88a9-ba99fa02f35b": "YubiKey Bio",
  "dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain",
  "de503f9c-21a4-4f76-b4b7-558eb55c6f89": "Devolutions",
  "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
  "eaecdef2-1c31-5634-8639-f1cbd9c00a08": "KeePassDX",
  "ee882879-721c-4913-9775-3dfcce97072a": "YubiKey 5",
  "f3809540-7f14-49c1-a8b3-8f813b225541": "Enpass",
  "fa2b99dc-9e39-4257-8f92-4a30d23c4118": "YubiKey 5 NFC",
  "fa37f553-f9b6-4adb-ac53-8bbb57ebdf0d": "Norton Password Manager",
  "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "Apple Passwords",
  "fdb141b2-5d84-443e-8a35-4698c205a502": "KeePassXC",
};

/**
 * A name for a new passkey that none of the user's `names` has: of its provider, else by how the
 * browser reaches it.
 */
export function suggestPasskeyName(
  { aaguid, transports, userAgent }: {
    aaguid: string;
    transports: readonly string[];
    userAgent: string;
  },
  names: readonly string[],
): string {
  const base = NAMES[aaguid] ?? describeTransports(transports, userAgent);
  let name = base;
  for (let number = 2; names.includes(name); number++) name = `${base} (${number})`;
  return name;
}

/** Of https://www.w3.org/TR/webauthn-3/#enum-transport */
function describeTransports(transports: readonly string[], userAgent: string): string {
  if (transports.includes("internal")) return browserName(userAgent) ?? "Passkey";
  if (transports.includes("hybrid")) return "Phone or tablet";
  return transports.some((transport) => ["usb", "nfc", "ble"].includes(transport))
    ? "Security key"
    : browserName(userAgent) ?? "Passkey";
}
