# shellcheck shell=bash
# What the scripts of this folder share. Sourced, never run.

# The repository, wherever it was cloned.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What set-up builds for this machine; `cargo clean` takes it along.
work=$root/target/labctl

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 3; }
have() { command -v "$1" >/dev/null 2>&1; }

# The rest of the command line, as the administrator.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "needs to be root for: $*"
  fi
}

# Seconds since the epoch with a fraction, and the difference to now.
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", b - a }'; }

# The digest of a service's sources: what the label `labctl.sources` of its image carries, and what
# labctl computes again before it trusts a running container.
#
# Arguments are files and folders below the repository root, as paths relative to it. Every regular
# file at or below them (folders called `target` left out) gives one line, `<sha256>  <path>`, sorted
# bytewise by path; the digest is the sha256 of those lines.
source_digest() (
  cd "$root" || exit
  find "$@" -type d -name target -prune -o -type f -print | LC_ALL=C sort -u \
    | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
)

# `version_at_least 2.20 2.26.1-4`: whether the second is not older than the first.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]
}
