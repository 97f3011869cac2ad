"""Small file systems of their own for tests that fill them.

They are mounted in a mount namespace that ends with the test's process, so that nothing stays
behind, whatever happens to it. Without root, a user namespace is tried, in which tmpfs can be
mounted; where the machine permits neither, NotPermitted says why.
"""

import ctypes
import errno
import functools
import os
import shutil
import subprocess

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CHUNKS = [1 << 20, 1 << 16, 1 << 12, 1 << 9, 1]


class NotPermitted(Exception):
    """This machine lets us not do what the test needs."""


class SmallDisk:
    """A mounted file system, and the foreign files that fill it."""

    def __init__(self, path):
        self.path = path

    def fill(self, name, size=None):
        """Writes a foreign file of this size, or until not one byte more fits."""
        with open(self.path / name, "wb", buffering=0) as file:
            for chunk in CHUNKS:
                while size is None or file.tell() + chunk <= size:
                    if not wrote(file, chunk):
                        break
            os.fsync(file.fileno())

    def free_bytes(self):
        return shutil.disk_usage(self.path).free

    def remove(self, name):
        os.unlink(self.path / name)


def wrote(file, count):
    """False if there is no room for all of it."""
    try:
        return file.write(bytes(count)) == count
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False


def mount_tmpfs(path, mebibytes):
    own_mounts()
    path.mkdir()
    run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", path)
    return SmallDisk(path)


def mount_ext4(path, mebibytes):
    """On a loop device over a sparse file beside `path`."""
    own_mounts()
    path.mkdir()
    image = path.with_suffix(".image")
    with open(image, "wb") as file:
        file.truncate(mebibytes << 20)
    run("mkfs.ext4", "-q", "-F", "-m", "0", image)
    run("mount", "-o", "loop", image, path)
    os.unlink(image)  # the mount holds it
    return SmallDisk(path)


@functools.cache
def own_mounts():
    """Moves this process into a mount namespace of its own, once."""
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        unshare(CLONE_NEWUSER | CLONE_NEWNS)
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"0 {user} 1")
        write("/proc/self/gid_map", f"0 {group} 1")
    else:
        unshare(CLONE_NEWNS)
    run("mount", "--make-rprivate", "/")


def unshare(flags):
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise NotPermitted(f"no namespace for mounts: {os.strerror(ctypes.get_errno())}")


def write(path, text):
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        raise NotPermitted(f"no namespace for mounts: {error}") from None


def run(*command):
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    try:
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": path})
    except FileNotFoundError:
        raise NotPermitted(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        raise NotPermitted(f"{command[0]}: {done.stderr.strip()}")
