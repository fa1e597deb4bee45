#!/bin/sh
# Sets up the server on one Debian or Ubuntu machine: the program, its user, a hardened service, and
# Caddy with a certificate. Can be run again: it keeps the configuration and the secrets that exist,
# so it also installs a new version. docs/deploy/vm.md
#
#   sudo ./install.sh auth.example.com [PROGRAM]
#
# With DESTDIR set, it writes below that folder, and neither installs packages nor starts anything.
set -eu

domain=${1:-}
root=${DESTDIR:-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
program=${2:-$here/yourapp}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

case $domain in
'' | *[!A-Za-z0-9.-]*) fail "usage: sudo ./install.sh auth.example.com [PROGRAM]" ;;
esac
[ -x "$program" ] || fail "$program is not a program: put the program there, or name it as the second argument"
"$program" --version >/dev/null || fail "$program does not run on this machine"
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "run it as root: sudo ./install.sh $domain $program"

# The user may exist only on the machine itself.
owner() {
  [ -n "$root" ] || chown "$1" "$2"
}

if [ -z "$root" ]; then
  command -v caddy >/dev/null || {
    apt-get update
    apt-get install --yes caddy
  }
fi

install -D -m 0755 "$program" "$root/usr/local/bin/yourapp.new"
# Replaced in one step: the running program keeps its own file.
mv "$root/usr/local/bin/yourapp.new" "$root/usr/local/bin/yourapp"
install -D -m 0644 "$here/../systemd/sysusers.conf" "$root/usr/lib/sysusers.d/yourapp.conf"
install -D -m 0644 "$here/../systemd/yourapp.service" "$root/etc/systemd/system/yourapp.service"
[ -n "$root" ] || systemd-sysusers yourapp.conf

install -d -m 0750 "$root/etc/yourapp"
owner root:yourapp "$root/etc/yourapp"
if [ ! -e "$root/etc/yourapp/config.toml" ]; then
  sed "s/auth\.example\.com/$domain/" "$here/../systemd/config.toml" >"$root/etc/yourapp/config.toml"
fi
chmod 0640 "$root/etc/yourapp/config.toml"
owner root:yourapp "$root/etc/yourapp/config.toml"
if [ ! -s "$root/etc/yourapp/secret_key" ]; then
  (umask 077 && head -c 32 /dev/urandom | base64 | tr -d '\n' >"$root/etc/yourapp/secret_key")
  echo "Created $root/etc/yourapp/secret_key: keep a copy of it, apart from the backups."
fi
chmod 0600 "$root/etc/yourapp/secret_key"

install -d -m 0755 "$root/etc/caddy"
caddyfile=$root/etc/caddy/Caddyfile
# Debian's own Caddyfile serves a page on port 80; any other is somebody's work.
if [ ! -e "$caddyfile" ] || grep -q 'root \* /usr/share/caddy' "$caddyfile"; then
  sed "s/{\$AUTH_DOMAIN}/$domain/" "$here/Caddyfile" >"$caddyfile"
elif ! grep -q 'reverse_proxy 127.0.0.1:8787' "$caddyfile"; then
  echo "Kept $caddyfile. Add this site to it:"
  sed "s/{\$AUTH_DOMAIN}/$domain/" "$here/Caddyfile"
fi
[ -z "$root" ] || exit 0

systemctl daemon-reload
systemctl enable yourapp caddy
systemctl restart yourapp
systemctl reload-or-restart caddy
journalctl --unit yourapp --lines 20 --output cat --no-pager
echo
echo "Next: open the setup link above. Further administrators: sudo -u yourapp yourapp admin user add"
