#!/bin/bash
# sign_macos.sh IDENTIFIER PROGRAM…: signs with the Developer ID certificate in APPLE_CERTIFICATE, and
# has Apple notarize each program. Runs on macOS, on a machine that is thrown away afterwards: some of
# these tools take passwords only as arguments.
set -euo pipefail

identifier=$1
shift
: "${APPLE_TEAM_ID:?}" "${APPLE_CERTIFICATE:?}" "${APPLE_CERTIFICATE_PASSWORD:?}"
: "${APPLE_NOTARY_KEY:?}" "${APPLE_NOTARY_KEY_ID:?}" "${APPLE_NOTARY_ISSUER:?}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
umask 077
work=$(mktemp -d)
keychain=$work/signing.keychain-db
trap 'security delete-keychain "$keychain" 2>/dev/null || true; rm -rf "$work"' EXIT

fail() {
  echo "::error title=Signing for macOS::$1"
  exit 1
}

keychain_password=$(uuidgen)
printf '%s' "$APPLE_CERTIFICATE" | base64 --decode >"$work/certificate.p12"
printf '%s\n' "$APPLE_NOTARY_KEY" >"$work/notary.p8"
security create-keychain -p "$keychain_password" "$keychain"
security set-keychain-settings -lut 3600 "$keychain"
security unlock-keychain -p "$keychain_password" "$keychain"
security import "$work/certificate.p12" -f pkcs12 -k "$keychain" -P "$APPLE_CERTIFICATE_PASSWORD" \
  -T /usr/bin/codesign
security set-key-partition-list -S apple-tool:,apple: -s -k "$keychain_password" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain"
certificate=$(security find-identity -v -p codesigning "$keychain" |
  sed -n 's/.*"\(Developer ID Application: .*('"$APPLE_TEAM_ID"')\)".*/\1/p' | head -n 1)
[ -n "$certificate" ] || fail "The certificate is not a Developer ID Application of team $APPLE_TEAM_ID."

for program; do
  codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" \
    --identifier "$identifier" --keychain "$keychain" --sign "$certificate" "$program"
  codesign --verify --strict --verbose=2 "$program"
  # The Keychain lets a program read an entry that an earlier version stored if both meet the same
  # requirement: identifier and team, never the hash of the code.
  requirement=$(codesign --display --requirements - "$program" 2>&1)
  case $requirement in
    *cdhash*) fail "The requirement of $program names a hash: $requirement" ;;
    *"identifier \"$identifier\" and "*"= \"$APPLE_TEAM_ID\""* | *"identifier \"$identifier\" and "*"= $APPLE_TEAM_ID"*) ;;
    *) fail "The requirement of $program does not name $identifier and $APPLE_TEAM_ID: $requirement" ;;
  esac
  # A single program has no place for the ticket: macOS asks Apple for it at the first start.
  ditto -c -k "$program" "$work/program.zip"
  answer=$(xcrun notarytool submit "$work/program.zip" --wait --output-format json \
    --key "$work/notary.p8" --key-id "$APPLE_NOTARY_KEY_ID" --issuer "$APPLE_NOTARY_ISSUER")
  echo "$answer"
  [ "$(printf '%s' "$answer" | jq -r .status)" = Accepted ] || fail "Apple did not notarize $program."
done
