#!/bin/sh
# Generates the secrets that compose.yaml mounts, and .env with the domain. Keeps what exists.
set -eu
cd "$(dirname "$0")"
domain=${1:?usage: ./setup.sh auth.example.com}
umask 077
mkdir -p secrets
random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }
for name in postgres_password secret_key; do
  [ -s "secrets/$name" ] || random >"secrets/$name"
done
printf 'postgres://yourapp:%s@postgres/yourapp' "$(cat secrets/postgres_password)" \
  >secrets/database_url
# The user of the container reads them, and nobody else: docker mounts files as they are.
if [ "$(id -u)" = 0 ]; then
  chown 65532:65532 secrets/database_url secrets/secret_key
else
  echo "Run as root, or make secrets/database_url and secrets/secret_key readable for user 65532." >&2
fi
printf 'AUTH_DOMAIN=%s\n' "$domain" >.env
echo "Next: docker compose up --detach, then docker compose logs server"
