#!/bin/sh
# Builds the guest disk image unless it is there, and prints its path. README.md says what is in it.
#   sh tools/guest-image/build.sh
# Exit code 3: this machine cannot build it; one line on the error stream says why.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
store=${HOLDFAST_GUEST_IMAGES:-$here/../../.holdfast/guest-image}
suite=bookworm
disk_mib=2048
partition_mib=1

say() { printf '%s\n' "$*" >&2; }
cannot() { say "The guest image cannot be built: $*"; exit 3; }

recipe=$(cd "$here" && find build.sh overlay -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16)
image=$store/debian-$recipe.raw
[ -e "$image" ] && { printf '%s\n' "$image"; exit 0; }

[ "$(id -u)" = 0 ] || cannot "this needs root"
[ "$(uname -m)" = x86_64 ] || cannot "the guest is for x86_64"
for program in mmdebstrap mke2fs sfdisk apt-get; do
  command -v "$program" >/dev/null 2>&1 || cannot "$program is missing"
done
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Created-By: Packages' 2>/dev/null | head -n 1)
[ -n "$mirror" ] || cannot "apt on this machine has no mirror of Debian $suite"

mkdir -p "$store"
work=$(mktemp -d "$store/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
tree=$work/tree
log=$store/build.log
say "Building the guest image (Debian $suite with PostgreSQL; about a minute, once)..."

# Left out: the just-in-time compiler of PostgreSQL with its LLVM (160 MB), hardware data and documentation, and the
# parts of udev in the initramfs, which would cost seconds of every boot.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 TZ=UTC
mmdebstrap --quiet --mode=root --variant=apt --components=main \
  --include=linux-image-cloud-amd64,systemd-sysv,dbus,udev,busybox,zstd,postgresql-15,grub-pc-bin,grub-common \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/i18n/*' --dpkgopt='path-exclude=/usr/lib/udev/hwdb.d/*' \
  --dpkgopt='path-exclude=/lib/udev/hwdb.d/*' \
  --dpkgopt='path-exclude=/usr/lib/x86_64-linux-gnu/libLLVM*' --dpkgopt='path-exclude=/usr/lib/x86_64-linux-gnu/libz3*' \
  --dpkgopt='path-exclude=/usr/lib/llvm*' --dpkgopt='path-exclude=/usr/lib/postgresql/15/lib/bitcode/*' \
  --dpkgopt='path-exclude=/usr/lib/postgresql/15/lib/llvmjit*' \
  --dpkgopt='path-exclude=/usr/share/initramfs-tools/hooks/udev' \
  --dpkgopt='path-exclude=/usr/share/initramfs-tools/scripts/*/udev' \
  --essential-hook="cp -R '$here/overlay/.' \"\$1/\"" \
  --customize-hook='chroot "$1" sh /usr/local/sbin/holdfast-prepare' \
  "$suite" "$tree" "$mirror" >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }

disk=$work/disk.raw
truncate -s "${disk_mib}M" "$disk"
printf 'label: dos\nlabel-id: 0x%s\nstart=%s, type=83, bootable\n' \
  "$(printf '%s' "$recipe" | cut -c1-8)" "$((partition_mib * 2048))" | sfdisk -q "$disk" >>"$log" 2>&1
boot=$tree/usr/lib/grub/i386-pc/boot.img
core=$tree/boot/grub/core.img
[ "$(stat -c %s "$core")" -lt "$((partition_mib * 1048576 - 512))" ] || { say "the boot loader is too large"; exit 1; }
# The first 440 bytes only: the partition table follows them. The boot sector looks for the core image in sector 1.
dd if="$boot" of="$disk" bs=440 count=1 conv=notrunc status=none
dd if="$core" of="$disk" bs=512 seek=1 conv=notrunc status=none
mke2fs -q -F -t ext4 -L root -b 4096 -m 1 -J size=16 \
  -E "offset=$((partition_mib * 1048576)),lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" \
  -d "$tree" "$disk" "$((disk_mib - partition_mib - 1))M" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }

mv "$disk" "$image"
find "$store" -maxdepth 1 -name 'debian-*.raw' ! -name "debian-$recipe.raw" -delete
printf '%s\n' "$image"
