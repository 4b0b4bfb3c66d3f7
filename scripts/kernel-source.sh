#!/usr/bin/env bash
# The parts of Debian's kernel source that `vmabench peer` compiles, unpacked into a folder. Needs root on a Debian, whose
# own archive it takes them from (suite trixie-backports).
#
#   bash scripts/kernel-source.sh DIR     afterwards: vmabench peer --kernel-source DIR
set -euo pipefail
to=${1:?which folder?}
package=linux-source-7.3

work=$(mktemp -d)
list=/etc/apt/sources.list.d/vmabench-backports.sources
trap 'rm -rf "$work" "$list"' EXIT
chmod 755 "$work"
if ! apt-cache show "$package" > "$work/known" 2>&1; then
  field() { cat /etc/apt/sources.list.d/*.sources | awk -v name="$1:" '$1 == name && !seen++ { print $2 }'; }
  printf '%s\n' "Types: deb" "URIs: $(field URIs)" "Suites: trixie-backports" "Components: main" \
    "Signed-By: $(field Signed-By)" > "$list"
  apt-get update -qq
fi
(cd "$work" && apt-get download -qq "$package")
dpkg-deb --fsys-tarfile "$work/$package"_*.deb | tar -x -C "$work" "./usr/src/$package.tar.xz"
mkdir -p "$to"
tar -xf "$work/usr/src/$package.tar.xz" -C "$to" --strip-components=1 \
  "$package"/{Makefile,COPYING,include,lib,mm,arch/x86/include} \
  "$package"/tools/{include,lib,arch/x86,testing/{radix-tree,shared,vma}}
