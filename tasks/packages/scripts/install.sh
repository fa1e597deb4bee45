#!/bin/sh
# Installs @TITLE@ for the current user, on Linux and macOS. `sh install.sh --help` shows the
# options. Runs nothing before its last line, so that a download of it that was cut does nothing.

set -u

name=@NAME@
product=@PRODUCT@
own_version=@VERSION@
release_url=@RELEASE_URL@
repository=@REPOSITORY@
signer_workflow=@SIGNER_WORKFLOW@
checksums_file=@CHECKSUMS_FILE@
provenance_file=@PROVENANCE_FILE@
# Separated by spaces.
targets=@TARGETS@

usage() {
  cat <<USAGE
Installs $product for the current user.

Usage: install.sh [OPTIONS]

Options:
  --version V         install this version, or "latest" (default: $own_version)
  --dir DIR           install into this folder (default: ~/.local/bin)
  --base-url URL      download from a mirror (default: $release_url)
  --skip-provenance   do not check who built the program, only its checksum
  --uninstall         remove the program from the folder
  --help              show this text
USAGE
}

# Each argument is a line.
say() {
  printf '%s\n' "$@"
}

# The problem, then what to do about it.
fail() {
  printf 'install.sh: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '%s\n' "$@" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

remove_temporary_files() {
  [ -z "$staged" ] || rm -f "$staged"
  [ -z "$work" ] || rm -rf "$work"
}

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --dir | --base-url)
        [ -n "${2:-}" ] || fail "$1 needs a value." "See: install.sh --help"
        case $1 in
          --version) version=${2#v} ;;
          --dir) dir=$2 ;;
          --base-url) base_url=${2%/} ;;
        esac
        shift 2
        ;;
      --skip-provenance) check_provenance=no && shift ;;
      --uninstall) action=uninstall && shift ;;
      -h | --help) usage && exit 0 ;;
      *) fail "Unknown option $1." "See: install.sh --help" ;;
    esac
  done
  case $version in
    *[!0-9A-Za-z.+-]* | '') fail "\"$version\" is not a valid version." "Write it like 1.2.3." ;;
  esac
  if [ -z "$dir" ]; then
    [ -n "${HOME:-}" ] || fail "HOME is not set." "Name the folder to install into: --dir DIR"
    # sudo may keep HOME, whose user could not replace what root creates there.
    if [ -n "${SUDO_UID:-}" ] && [ "$(id -u)" = 0 ] && [ -z "$(find "$HOME" -prune -user 0)" ]; then
      fail "$HOME belongs to another user than root." \
        "Run this without sudo, or name the folder to install into: --dir /usr/local/bin"
    fi
    dir=$HOME/.local/bin
  fi
  case $dir in
    /*) ;;
    *) dir=$PWD/$dir ;;
  esac
  # curl would read the rest of these as parts of another URL, or as patterns.
  case $base_url in
    *[!0-9A-Za-z:/._~%?=+,-]*) fail "\"$base_url\" is not a valid base URL." "Write it like $release_url." ;;
    https://*) protocol='=https' ;;
    # The allowed characters leave no `@`, before which a host would be the name of a user.
    http://127.0.0.1:[0-9]* | http://127.0.0.1/*) protocol='=http' ;;
    *) fail "\"$base_url\" does not start with https://." "Use a mirror that has https." ;;
  esac
}

# Sets `target`, as the archives of a release are named.
find_target() {
  system=$(uname -s)
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
  esac
  case $system in
    Linux)
      if [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then
        fail "There is no $name for 32-bit systems." "Use a 64-bit system."
      fi
      if uses_musl; then
        fail "There is no $name for musl, which this system (such as Alpine) has instead of glibc." \
          "Use a system or a container image with glibc, such as Debian."
      fi
      target=$machine-unknown-linux-gnu
      ;;
    Darwin)
      # A shell under Rosetta sees an Intel machine.
      if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
        machine=aarch64
      fi
      target=$machine-apple-darwin
      ;;
    MINGW* | MSYS* | CYGWIN* | Windows*)
      fail "This script is for Linux and macOS." "Run install.ps1 of the same release in PowerShell."
      ;;
    *) target=$machine-$system ;;
  esac
  case " $targets " in
    *" $target "*) ;;
    *)
      fail "There is no $name for $system on $machine." "There are programs for: $targets" \
        "On another system, build it from the sources: https://github.com/$repository"
      ;;
  esac
}

# Systems with glibc can have musl beside it.
uses_musl() {
  if has getconf && getconf GNU_LIBC_VERSION >/dev/null 2>&1; then
    return 1
  fi
  case $(ldd --version 2>&1) in
    *musl*) return 0 ;;
  esac
  for loader in /lib/ld-musl-*; do
    if [ -e "$loader" ]; then return 0; fi
  done
  return 1
}

# download URL FILE: follows redirects only to https.
download() {
  if has curl; then
    set -- "$1" "$2" --fail --silent --show-error --location --max-redirs 5 \
      --proto "$protocol" --proto-redir '=https' --connect-timeout 30 --retry 2
    if [ "$protocol" = '=https' ]; then
      set -- "$@" --tlsv1.2
    else
      set -- "$@" --noproxy '*'
    fi
    url=$1
    file=$2
    shift 2
    curl "$@" --output "$file" "$url"
  elif has wget; then
    download_with_wget "$1" "$2"
  else
    fail "There is neither curl nor wget." "Install one of them and run this again."
  fi
}

# wget would follow a redirect from https to http, so redirects are followed here.
download_with_wget() {
  url=$1
  for _ in 1 2 3 4 5 6; do
    case $url in
      https://*) ;;
      "$base_url"/*) ;;
      *) say "redirected to $url, which is not https" >&2 && return 1 ;;
    esac
    if answer=$(wget --quiet --server-response --max-redirect=0 --output-document="$2" "$url" 2>&1); then
      return 0
    fi
    case $answer in
      *ocation:\ *) ;;
      *) printf '%s\n' "$answer" >&2 && return 1 ;;
    esac
    url=$(printf '%s\n' "$answer" | sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*$/\1/p' | tail -n 1 | tr -d '\r')
  done
  say "too many redirects" >&2
  return 1
}

# Downloads FILE of the release, or explains what to do.
download_release_file() {
  download "$files_url/$1" "$work/$1" || fail "$files_url/$1 could not be downloaded." \
    "Check the network and the proxy (https_proxy), and that this version exists:" "  $base_url"
}

# Sets `version`: the names of the files contain it.
find_latest_version() {
  while read -r _ file; do
    file=${file#\*}
    case $file in
      "$name"-*-"$target".tar.gz)
        version=${file#"$name"-}
        version=${version%-"$target".tar.gz}
        ;;
    esac
  done <"$work/$checksums_file"
  case $version in
    latest | *[!0-9A-Za-z.+-]*)
      fail "The newest release has no archive for $target." "Choose another version: --version V" "  $base_url"
      ;;
  esac
}

sha256_of() {
  if has sha256sum; then
    sha256sum <"$1"
  elif has shasum; then
    shasum -a 256 <"$1"
  elif has openssl; then
    openssl dgst -sha256 -r <"$1"
  else
    fail "The checksum cannot be checked without sha256sum, shasum or openssl." \
      "Install one of them and run this again."
  fi
}

check_sum() {
  expected=
  while read -r sum file; do
    if [ "${file#\*}" = "$archive" ]; then expected=$sum; fi
  done <"$work/$checksums_file"
  [ -n "$expected" ] || fail "$checksums_file has no line for $archive." \
    "This version has no program for this system. Choose another one: --version V" "  $base_url"
  actual=$(sha256_of "$work/$archive") || exit 1
  actual=${actual%% *}
  [ "$actual" = "$expected" ] || fail "$archive does not have the checksum of the release." \
    "  expected $expected" "  received $actual" "Nothing was installed. Run this again, without a" \
    "mirror or a proxy that changes files. If it fails again, report it: https://github.com/$repository"
  say "Checksum: correct."
}

# Sets `verifier` to a program that can check the provenance, or to nothing.
find_verifier() {
  verifier=
  # gh without a login cannot fetch what it compares with; one without --source-ref is too old.
  if has gh && gh auth token >/dev/null 2>&1; then
    case $(gh attestation verify --help 2>/dev/null) in
      *--source-ref*) verifier=gh ;;
    esac
  fi
  if [ -z "$verifier" ] && has cosign; then verifier=cosign; fi
}

check_who_built_it() {
  if [ "$check_provenance" = no ]; then
    say "Provenance: not checked, because of --skip-provenance."
    return
  fi
  find_verifier
  if [ -z "$verifier" ]; then
    say "Provenance: not checked. That needs gh with a login, or cosign; the checksum only shows" \
      "that the download is complete."
    return
  fi
  download "$files_url/$provenance_file" "$work/$provenance_file" ||
    fail "$files_url/$provenance_file could not be downloaded, so that $verifier cannot check who built $archive." \
      "Nothing was installed. If this release or mirror does not have it, you can do without it:" \
      "  --skip-provenance"
  case $verifier in
    gh)
      gh attestation verify "$work/$archive" --bundle "$work/$provenance_file" --repo "$repository" \
        --signer-workflow "$signer_workflow" --source-ref "refs/tags/v$version" \
        --deny-self-hosted-runners >"$work/output" 2>&1
      ;;
    cosign)
      pattern=$(printf '%s' "$signer_workflow" | sed 's/[.+]/\\&/g')
      cosign verify-blob-attestation --bundle "$work/$provenance_file" --new-bundle-format \
        --type slsaprovenance1 --certificate-oidc-issuer https://token.actions.githubusercontent.com \
        --certificate-identity-regexp "^https://github\\.com/$pattern@" \
        --certificate-github-workflow-repository "$repository" \
        --certificate-github-workflow-ref "refs/tags/v$version" "$work/$archive" >"$work/output" 2>&1
      ;;
  esac || {
    cat "$work/output" >&2
    fail "$verifier does not confirm that $signer_workflow built $archive." \
      "Nothing was installed. If $verifier has no network, or is too old for the options above, you" \
      "can do without it: --skip-provenance. Otherwise report it: https://github.com/$repository"
  }
  say "Provenance: built by $signer_workflow (checked by $verifier)."
}

place_program() {
  program=$name-$version-$target/$name
  tar -xzf "$work/$archive" -C "$work" "$program" ||
    fail "$archive does not contain $program, or tar and gzip are missing." \
      "Install tar and gzip, or report it: https://github.com/$repository"
  mkdir -p "$dir" 2>/dev/null || fail "$dir cannot be created." "Choose a folder of your own: --dir DIR"
  [ ! -d "$dir/$name" ] || fail "$dir/$name is a folder." "Choose another folder: --dir DIR"
  # In the same folder, so that the last step replaces the program at once, even while it runs.
  {
    staged=$(mktemp "$dir/.$name-XXXXXX") && cp "$work/$program" "$staged" && chmod 755 "$staged"
  } 2>/dev/null ||
    fail "$dir cannot be written to, or the disk is full." "Choose a folder of your own: --dir DIR"
  "$staged" --version >"$work/output" 2>&1 || {
    cat "$work/output" >&2
    fail "The program does not start on this system, so it was not installed." \
      "If that is because the system is too old, choose an older version: --version V" \
      "If the file system does not allow programs, choose another folder: --dir DIR"
  }
  mv -f "$staged" "$dir/$name" || fail "$dir/$name cannot be replaced." "Choose another folder: --dir DIR"
  staged=
  say "Installed $dir/$name, version $version."
}

# Shows how to extend PATH, in the user's shell.
explain_path() {
  case ":${PATH:-}:" in
    *":$dir:"*)
      first=$(command -v "$name" || :)
      [ "$first" = "$dir/$name" ] || say "Note that $name starts $first, which is earlier in PATH."
      return
      ;;
  esac
  say "" "$dir is not in PATH. To add it:"
  case ${SHELL:-} in
    */fish) say "  fish_add_path '$dir'" ;;
    */zsh) explain_profile .zshrc ;;
    */bash)
      # Terminals on macOS start login shells, which do not read .bashrc.
      if [ "$system" = Darwin ]; then explain_profile .bash_profile; else explain_profile .bashrc; fi
      ;;
    *) explain_profile .profile ;;
  esac
  say "and open a new terminal."
}

explain_profile() {
  # shellcheck disable=SC2016 # PATH is for the shell that reads the profile
  printf "  echo 'export PATH=\"%s:\$PATH\"' >> ~/%s\n" "$dir" "$1"
}

install_program() {
  find_target
  has tar || fail "There is no tar." "Install tar and gzip and run this again."
  umask 022
  work=$(mktemp -d) || fail "There is no folder for temporary files." "Set TMPDIR to one that can be written to."
  if [ "$version" = latest ]; then
    files_url=$base_url/latest/download
    download_release_file "$checksums_file"
    find_latest_version
  else
    files_url=$base_url/download/v$version
    download_release_file "$checksums_file"
  fi
  archive=$name-$version-$target.tar.gz
  say "Downloading $archive …"
  download_release_file "$archive"
  check_sum
  check_who_built_it
  place_program
  explain_path
}

uninstall_program() {
  if [ ! -f "$dir/$name" ] && [ ! -h "$dir/$name" ]; then
    fail "$dir/$name does not exist." "If it is in another folder, name that: --dir DIR"
  fi
  # `upgrade` keeps the program that it replaced.
  rm -f "$dir/$name" "$dir/$name.previous" || fail "$dir/$name cannot be removed." "Run this as the user who installed it."
  say "Removed $dir/$name." "Logins and settings of $name were kept; a new installation finds them."
}

main() {
  version=$own_version
  dir=
  base_url=$release_url
  action=install
  check_provenance=yes
  work=
  staged=
  trap remove_temporary_files EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  read_options "$@"
  if [ "$action" = uninstall ]; then uninstall_program; else install_program; fi
}

# The braces make a line that was cut a syntax error.
{ main "$@"; }
