# shellcheck shell=bash
# The Compose plugin, and what each lab's Compose file needs on this machine. Sourced by `ci/setup`.

compose_wanted=2.20

# The plugin from Debian's next suite: a single file that needs no installation.
ensure_compose() {
  local version
  version=$(docker compose version --short 2>/dev/null || true)
  if [ -n "$version" ] && version_at_least "$compose_wanted" "${version#v}"; then return; fi
  debian_release >/dev/null || die "Docker Compose $compose_wanted or newer is needed: install the plugin docker-compose-plugin"
  local dir plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins started
  started=$(now)
  dir=$(mktemp -d)
  apt_fetch_from trixie "$dir" docker-compose >"$work/compose.log" 2>&1 \
    || { tail -n 20 "$work/compose.log" >&2; rm -rf "$dir"; die "the Compose plugin could not be fetched"; }
  dpkg-deb --fsys-tarfile "$dir"/docker-compose_*.deb \
    | tar -x -O --wildcards '*/cli-plugins/docker-compose' >"$dir/plugin"
  mkdir -p "$plugins"
  install -m 755 "$dir/plugin" "$plugins/.docker-compose.$$"
  mv "$plugins/.docker-compose.$$" "$plugins/docker-compose"
  rm -rf "$dir"
  say "Compose $(docker compose version --short) put into $plugins in $(since "$started")"
}

override_mark='# Written by ci/setup'

# `ensure_lab DIR`: the images of a lab's Compose file are here, or a `compose.override.yaml` beside
# it names others. Compose loads that file by itself.
#
# What the override was written from stands in its first line; while that holds, nothing is asked.
ensure_lab() {
  local dir=$1 override=$1/compose.override.yaml
  if [ -e "$override" ] && ! grep -q "^$override_mark" "$override"; then
    say "${override#"$root"/} is not ours and stays as it is"
    return
  fi
  local model stamp left_out
  model=$(docker compose -f "$dir/compose.yaml" --profile '*' config --format json)
  if [ ! -e "$override" ] && ensure_official "$dir" "$model"; then return; fi

  local image local_images=() services=() service images_job digest=
  for image in $(official_images "$model"); do
    image=$(local_image "$image")
    [ -z "$image" ] || local_images+=("$image")
  done
  ensure_local_images "${local_images[@]}" &
  images_job=$!
  mapfile -t services < <(jq -r '.services[].build.args.SERVICE // empty' <<<"$model" | sort -u)
  [ ${#services[@]} -eq 0 ] || digest=$(model_digest "$dir" "$model")
  for service in "${services[@]}"; do ensure_service "$service" "$digest"; done
  wait "$images_job"

  stamp="$override_mark for $(cat "$dir/compose.yaml" "$root"/compose/common/*.yaml "$root/ci/compose.sh" | sha256sum | cut -c1-16) $(recipe_digest) $digest"
  if [ "$(head -n1 "$override" 2>/dev/null)" = "$stamp" ]; then return; fi
  { printf '%s\n' "$stamp"; write_override "$dir" "$model" "$digest"; } >"$override.$$"
  mv "$override.$$" "$override"
  say "wrote ${override#"$root"/}: $(grep -c '^    image:' "$override") local images"
  left_out=$(grep -B1 '^    profiles: ' "$override" | sed -n 's/^  \(.*\):$/\1/p' | paste -sd' ')
  [ -z "$left_out" ] || say "left out, as no registry has an image to give: ${left_out// /, }"
}

# The images a Compose model takes from a registry.
official_images() { jq -r '.services[] | select(.build == null) | .image' <<<"$1" | sort -u; }

# Whether the official images are here or can be pulled. The first pull tells whether there is a
# registry at all; the engine itself gives up on one that does not answer.
ensure_official() {
  local dir=$1 model=$2 image missing=()
  [ "${no_registry:-}" != yes ] || return 1
  for image in $(official_images "$model"); do
    docker image inspect "$image" >/dev/null 2>&1 || missing+=("$image")
  done
  for image in "${missing[@]}"; do
    if ! timeout 300 docker pull -q "$image" >"$work/pull.log" 2>&1; then
      say "$image cannot be pulled: $(tail -n1 "$work/pull.log" | cut -c1-80)…"
      no_registry=yes
      return 1
    fi
    say "pulled $image"
  done
}

# The digest of the sources the Compose file names under `x-labctl`.
model_digest() {
  local dir=$1 path paths=()
  while read -r path; do
    paths+=("$(realpath --relative-to="$root" "$dir/$path")")
  done < <(jq -r '."x-labctl".sources[]' <<<"$2")
  source_digest "${paths[@]}"
}

# `ensure_service CRATE DIGEST`: the folder its image is built from, with a static binary of these
# very sources.
ensure_service() {
  local crate=$1 digest=$2 dir=$work/images/$1 host started
  [ "$(cat "$dir/.sources" 2>/dev/null)" != "$digest" ] || return 0
  host=$(cd "$root" && rustc -vV | sed -n 's/^host: //p')
  started=$(now)
  say "compiling $crate"
  (cd "$root" && RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --quiet --locked --release --target "$host" --target-dir "$root/target" -p "$crate")
  mkdir -p "$dir/data"
  rm -f "$dir/.sources"
  install -m 755 "$root/target/$host/release/$crate" "$dir/$crate"
  cp "$recipes/service.Dockerfile" "$dir/Dockerfile"
  printf '*\n!%s\n!data\n' "$crate" >"$dir/.dockerignore"
  printf '%s\n' "$digest" >"$dir/.sources"
  say "compiled $crate in $(since "$started")"
}

# The override itself, on standard output.
write_override() {
  local dir=$1 model=$2 digest=$3 kind name value image context collector
  # Without a collector its name is this machine's: `labctl trace` may listen there.
  collector=$(jq -r '.services | keys[] | select(endswith("otel-collector"))' <<<"$model")
  cat <<'YAML'
#
# No registry answered, so the labs run on images made on this machine. Delete this file and run
# ci/setup again to have it ask once more.
services:
YAML
  jq -r '.services | to_entries[]
    | if .value.build then ["build", .key, .value.build.args.SERVICE] else ["image", .key, .value.image] end
    | @tsv' <<<"$model" | while IFS=$'\t' read -r kind name value; do
    printf '  %s:\n' "$name"
    if [ "$kind" = build ]; then
      context=$(realpath --relative-to="$dir" "$work/images/$value")
      printf '    build:\n      context: %s\n      dockerfile: Dockerfile\n' "$context"
      printf '      labels:\n        labctl.sources: %s\n' "$digest"
      [ -z "$collector" ] || printf '    extra_hosts: ["%s:host-gateway"]\n' "$collector"
      continue
    fi
    image=$(local_image "$value")
    if [ -n "$image" ]; then
      printf '    image: %s\n    pull_policy: never\n' "$image"
    else
      printf '    profiles: [cannot-be-had]\n'
    fi
  done
}
