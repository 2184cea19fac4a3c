# shellcheck shell=bash
# Debian packages: installed on the machine, or only unpacked into a folder. Sourced by `ci/setup`.

# Whether packages can be had here, and of which release.
debian_release() {
  have apt-get && [ -r /etc/os-release ] || return 1
  # shellcheck disable=SC1091
  (. /etc/os-release && [ "$ID" = debian ] && printf '%s' "$VERSION_CODENAME")
}

# Installs the packages that are missing. Servers among them are not started and, under systemd, not
# enabled: the labs publish the same ports.
apt_install() {
  local missing=() unit
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  have apt-get || die "please install: ${missing[*]}"
  say "installing ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d own_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    own_policy=yes
  fi
  local status=0
  apt_install_now "${missing[@]}" >"$work/apt.log" 2>&1 \
    || { as_root apt-get -qq update && apt_install_now "${missing[@]}"; } >"$work/apt.log" 2>&1 \
    || status=$?
  [ -z "$own_policy" ] || as_root rm -f "$policy"
  if [ "$status" != 0 ]; then
    tail -n 20 "$work/apt.log" >&2
    die "apt-get could not install ${missing[*]}"
  fi
  if [ -d /run/systemd/system ]; then
    for package in "${missing[@]}"; do
      case $package in redis-server) unit=redis-server ;; postgresql) unit=postgresql ;; *) continue ;; esac
      as_root systemctl disable --quiet --now "$unit" || say "could not disable $unit"
    done
  fi
}

apt_install_now() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@"
}

# `apt_fetch DIR PACKAGE…`: the packages and all they depend on, as .deb files. Nothing is installed;
# apt is told that this machine has no package at all.
apt_fetch() {
  local dir=$1; shift
  mkdir -p "$dir/partial"
  apt_fetch_now "$dir" "$@" || { as_root apt-get -qq update && apt_fetch_now "$dir" "$@"; }
}

apt_fetch_now() {
  local dir=$1; shift
  apt-get -qq -y -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
    -o Dir::State::status=/dev/null -o Dir::Cache::archives="$dir" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    --no-install-recommends --download-only install "$@"
}

# `apt_fetch_from SUITE DIR PACKAGE`: one package of another suite, from the mirror and with the key
# that this machine's own packages come from, by an apt with its own state.
apt_fetch_from() {
  local suite=$1 dir=$2 package=$3 release uri
  release=$(debian_release) || return 1
  # shellcheck disable=SC2016
  uri=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' \
    | awk -v r="$release" '$1 == r && $2 == "main" { print $3; exit }')
  [ -n "$uri" ] || return 1
  mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$uri" "$suite" >"$dir/sources.list"
  local apt=(apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)"
    -o Dir::State="$dir/state" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache"
    -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  "${apt[@]}" update && (cd "$dir" && "${apt[@]}" download "$package")
}

# `debian_root DIR PACKAGE…`: a folder with everything the packages and their dependencies contain.
# No maintainer script runs.
debian_root() {
  local dir=$1 deb; shift
  mkdir -p "$dir.debs" "$dir"/usr/{bin,sbin,lib,lib64}
  (cd "$dir" && ln -sfn usr/bin bin && ln -sfn usr/sbin sbin && ln -sfn usr/lib lib && ln -sfn usr/lib64 lib64)
  apt_fetch "$dir.debs" "$@"
  for deb in "$dir.debs"/*.deb; do
    # Big, and for maintainer scripts and the query compiler only.
    case ${deb##*/} in libllvm* | libz3* | perl* | libperl* | locales* | libc-l10n* | dpkg_*) continue ;; esac
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --keep-directory-symlink --no-same-owner
  done
}

# `keep_from ROOT OUT PATH…`: copies the paths (relative to ROOT, folders whole) and every shared
# library that their binaries load, as ROOT's own loader names them.
keep_from() {
  local from=$1 out=$2 loader path binary library; shift 2
  mkdir -p "$out"
  (cd "$from" && cp -a --parents "$@" "$out")
  loader=$(find "$from/usr/lib64" "$from/usr/lib" -name 'ld-linux*.so.*' -print -quit)
  path=$(printf '%s:' "$from"/usr/lib/*-linux-gnu "$from"/usr/lib)
  # What is no dynamic binary makes the loader fail, which is no news.
  find "$out" -type f \( -perm -u+x -o -name '*.so*' \) -print | while read -r binary; do
    "$loader" --inhibit-cache --library-path "$path" --list "$binary" 2>/dev/null || true
  done | sort -u >"$out.libraries"
  if grep 'not found' "$out.libraries"; then return 1; fi
  awk -v root="$from/" '{ path = ($2 == "=>") ? $3 : $1 } index(path, root) == 1 { print substr(path, length(root) + 1) }' \
    "$out.libraries" | sort -u | while read -r library; do
    mkdir -p "$out/$(dirname "$library")"
    cp -L "$from/$library" "$out/$library"
  done
  rm "$out.libraries"
}
