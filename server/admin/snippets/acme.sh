#!/usr/bin/env bash
# Needs bash, curl, jq and flock (util-linux).
set -euo pipefail
umask 077

issuer=https://auth.example.com
client_id=acme-cli
folder=${XDG_CONFIG_HOME:-$HOME/.config}/acme-cli
tokens=$folder/tokens.json

# Reads the form from stdin, so that no token is in the process list.
post() { curl --silent --show-error --data @- "$issuer/oauth/$1"; }

# The file is replaced in one step: a process that is killed leaves the old one.
save() {
  jq --argjson now "$(date +%s)" '. + {expires_at: ($now + .expires_in)}' >"$tokens.new"
  mv "$tokens.new" "$tokens"
}

fail() {
  echo "Error: $1" >&2
  exit "${2:-1}"
}

login() {
  local started answer interval
  started=$(printf 'client_id=%s&scope=openid+offline_access' "$client_id" | post device/authorize)
  jq --exit-status .device_code <<<"$started" >/dev/null ||
    fail "$(jq --raw-output .error_description <<<"$started")"
  jq --raw-output '"Open \(.verification_uri_complete) and approve the code \(.user_code)"' \
    <<<"$started" >&2
  interval=$(jq .interval <<<"$started")
  while sleep "$interval"; do
    answer=$(printf 'client_id=%s&grant_type=%s&device_code=%s' "$client_id" \
      urn:ietf:params:oauth:grant-type:device_code \
      "$(jq --raw-output .device_code <<<"$started")" | post token) || continue
    case $(jq --raw-output '.error // "none"' <<<"$answer") in
      none) break ;;
      authorization_pending) ;;
      slow_down) interval=$((interval + 5)) ;;
      *) fail "$(jq --raw-output .error_description <<<"$answer")" ;;
    esac
  done
  flock 9
  save <<<"$answer"
}

token() {
  local answer
  # One process refreshes at a time; the others wait and use what it stored.
  flock 9
  [ -f "$tokens" ] || fail "Not logged in. Run: $0 login" 4
  if [ "$(jq '.expires_at | floor' "$tokens")" -le "$(($(date +%s) + 10))" ]; then
    answer=$(printf 'client_id=%s&grant_type=refresh_token&refresh_token=%s' "$client_id" \
      "$(jq --raw-output .refresh_token "$tokens")" | post token)
    case $(jq --raw-output '.error // "none"' <<<"$answer") in
      none) save <<<"$answer" ;;
      invalid_grant) rm "$tokens" && fail "The login is over. Run: $0 login" 4 ;;
      *) fail "$(jq --raw-output .error_description <<<"$answer")" ;;
    esac
  fi
  jq --raw-output .access_token "$tokens"
}

mkdir -p "$folder"
exec 9>"$folder/lock"
case ${1:-} in
  login) login ;;
  token) token ;;
  *) fail "Usage: $0 login|token" 2 ;;
esac
