#!/bin/sh
# Boots systemd beside the one of this machine, if it has any: on a copy of this file system that is gone afterwards, with
# processes, mounts and control groups of its own, and with nothing of what the machine starts but the journal.
#
# boot.sh FOLDER UNIT PROGRAM: FOLDER is empty and becomes its world, UNIT and PROGRAM are put in place as the guide says.
# Run it by: unshare --mount --pid --fork --uts --ipc --kill-child.
set -eu
folder=$1 unit=$2 program=$3

mount --make-rprivate /

mkdir "$folder/groups" "$folder/top" "$folder/root"
mount -t cgroup2 none "$folder/groups"
group="$folder/groups/$(basename "$folder")"
mkdir "$group"
echo 0 > "$group/cgroup.procs"

mount -t tmpfs none "$folder/top"
mkdir "$folder/top/upper" "$folder/top/work"
root="$folder/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/top/upper,workdir=$folder/top/work" "$root"

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
for place in run tmp dev sys; do mount -t tmpfs none "$root/$place"; done
mkdir -p "$root/sys/fs/cgroup" "$root/dev/pts" "$root/dev/shm"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t tmpfs none "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"

# Nothing of what this machine starts.
rm -rf "$root"/lib/systemd/system/*.wants "$root"/etc/systemd/system "$root"/lib/systemd/system-generators "$root/etc/fstab"
mkdir -p "$root/etc/systemd/system" "$root/etc/sysusers.d" "$root/var/log/journal"
printf '%032d\n' 1 > "$root/etc/machine-id"
cat > "$root/etc/systemd/system/booted.target" <<'END'
[Unit]
Description=The journal, and what is started by hand
Requires=basic.target systemd-journald.service
After=basic.target systemd-journald.service
END

install -m 755 "$program" "$root/usr/local/bin/berth"
install -m 644 "$unit/berth.service" "$root/etc/systemd/system/berth.service"
install -m 644 "$unit/berth.sysusers.conf" "$root/etc/sysusers.d/berth.conf"

# The group it is in is the root of what it sees.
exec unshare --cgroup sh -euc '
  mount -t cgroup2 none "$0/sys/fs/cgroup"
  exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$0" /lib/systemd/systemd --system --unit=booted.target --log-target=journal --show-status=no
' "$root"
