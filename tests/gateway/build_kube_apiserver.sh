#!/bin/sh
# Build a real kube-apiserver from Debian's source package, offline once that is downloaded.
#
#   tests/gateway/build_kube_apiserver.sh FOLDER
#
# Needs Debian 12 with golang-go, rsync, dpkg-dev and etcd-server, deb-src entries in apt's sources,
# and about seven minutes of one processor. Prints the path for $GATEWAY_KUBE_APISERVER.
set -eu
folder=$(mkdir -p "${1:?name a folder}" && cd "$1" && pwd)
cd "$folder"
if [ -z "$(find . -maxdepth 1 -type d -name 'kubernetes-*')" ]; then
    apt-get source --only-source kubernetes >&2
fi
cd "$(find . -maxdepth 1 -type d -name 'kubernetes-*' | head -n 1)"
# The version is told here, because the package is no clone that could be asked.
export KUBE_GIT_TREE_STATE=archive KUBE_GIT_COMMIT=0 KUBE_GIT_VERSION=v1.20.2
export GOFLAGS=-mod=vendor GO111MODULE=on GOPROXY=off
nice -n 19 make WHAT=cmd/kube-apiserver GOLDFLAGS="-s -w" >&2
ls "$PWD/_output/local/go/bin/kube-apiserver" 2>/dev/null || ls "$PWD/_output/bin/kube-apiserver"
