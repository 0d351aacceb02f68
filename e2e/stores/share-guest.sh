#!/bin/sh
# First process of a guest kernel (user-mode Linux) whose root is the host's files, read-only. Serves a disk by Debian's
# NFS and SMB servers, mounts it from them on loopback, and judges each mount. Its environment comes from the kernel's
# command line: HF_OUT (a folder of the host for answers), HF_NODE, HF_MAIN.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /run
# Not /tmp: the checkout may be there.
for folder in /var /etc/samba /mnt; do mount -t tmpfs tmp "$folder"; done
mkdir -p /run/out /run/disk /run/mods/lib /var/lib/nfs/rpc_pipefs /var/lib/nfs/v4recovery /var/log /var/run /var/lib/samba/private \
  /var/cache/samba /var/log/samba /run/samba /mnt/nfs4 /mnt/nfs3 /mnt/smb
mount -t hostfs none /run/out -o "$HF_OUT"
exec >/run/out/guest.log 2>&1
trap 'echo o >/proc/sysrq-trigger; sleep 60' EXIT
set -ex

# The modules of this kernel are not where modprobe looks.
ln -s /usr/lib/uml/modules /run/mods/lib/modules
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/mods "$@"\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
for module in nfsd nfs nfsv3 nfsv4 cifs; do /run/modprobe "$module"; done
ip link set lo up

mkfs.ext4 -q /dev/ubda
mount /dev/ubda /run/disk
mkdir -p /run/disk/nfs /run/disk/smb

mount -t nfsd nfsd /proc/fs/nfsd
touch /var/lib/nfs/etab /var/lib/nfs/rmtab
rpcbind -w || rpcbind
rpc.mountd
rpc.nfsd 4
exportfs -i -o rw,sync,no_root_squash,no_subtree_check,fsid=0 127.0.0.1:/run/disk/nfs
mount -t nfs -o vers=4.2 127.0.0.1:/ /mnt/nfs4
mount -t nfs -o vers=3,nolock 127.0.0.1:/run/disk/nfs /mnt/nfs3

cat >/etc/samba/smb.conf <<'CONF'
[global]
interfaces = lo
bind interfaces only = yes
pid directory = /run
lock directory = /run
state directory = /var/lib/samba
private dir = /var/lib/samba/private
cache directory = /var/cache/samba
log file = /run/out/smbd.log
disable netbios = yes
strict sync = yes
[keep]
path = /run/disk/smb
read only = no
CONF
printf 'hush\nhush\n' | smbpasswd -s -a root
smbd -D
tries=0
until mount -t cifs -o username=root,password=hush,vers=3.1.1 //127.0.0.1/keep /mnt/smb; do
  tries=$((tries + 1))
  [ "$tries" -lt 20 ]
  sleep 1
done

for share in nfs4 nfs3 smb; do
  "$HF_NODE" "$HF_MAIN" repo validate "/mnt/$share" --json >"/run/out/$share.json" || echo "$share: exit code $?"
done
