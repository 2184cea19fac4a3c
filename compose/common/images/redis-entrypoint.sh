#!/bin/sh
# As in the official image, other containers may connect without a password: whatever is published
# stays on this machine.
set -eu
[ "$1" != redis-server ] || set -- "$@" --protected-mode no
exec "$@"
