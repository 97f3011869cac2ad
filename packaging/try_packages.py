"""Installs, runs, upgrades, removes and purges the packages in fresh Debian roots.

Usage, as root: try_packages.py DEB TARBALL

There is no systemd in a chroot: the server is started as the unit's ExecStart and User say. The
higher version is the same package with another number.
"""

import pathlib
import re
import sys
import tempfile

from trial import Running, bodies, free_port, make_root, run, say

WANTED = "etc/systemd/system/multi-user.target.wants/logboom.service"
SOCKET_WANTED = "etc/systemd/system/sockets.target.wants/logboom.socket"
DATA = "var/lib/logboom"


class Chroot:
    """One Debian root; commands in it, and at most one server."""

    def __init__(self, suite, directory):
        self.root = pathlib.Path(directory) / suite
        self.log = pathlib.Path(directory) / f"{suite}.log"
        make_root(suite, self.root)
        (self.root / "etc/resolv.conf").write_text(pathlib.Path("/etc/resolv.conf").read_text())
        self.server = None
        # $ORIGIN, by which the tarball finds its libraries, is read from there.
        run("mount", "-t", "proc", "proc", self.root / "proc")

    def close(self):
        if self.server:
            self.server.kill()
        run("umount", self.root / "proc")

    def run(self, *command):
        return run("chroot", self.root, *command)

    def apt(self, *arguments):
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y",
                        "--no-install-recommends", *arguments)

    def start(self, port, command, user=None):
        as_user = [f"--userspec={user}:{user}"] if user else []
        self.server = Running(["chroot", *as_user, self.root, *command], port, self.log)
        return self.server

    def stop(self):
        assert self.server.end() == 0, self.log.read_text()

    def has(self, path):
        return (self.root / path).exists() or (self.root / path).is_symlink()


def higher_version(deb, directory):
    """The same package as a later version of itself."""
    tree = pathlib.Path(directory) / "higher"
    run("dpkg-deb", "--raw-extract", deb, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: (.*)", r"Version: \1+trial", control.read_text()))
    result = pathlib.Path(directory) / "logboom_higher.deb"
    run("dpkg-deb", "--root-owner-group", "--build", tree, result)
    return result


def install(chroot, deb):
    target = chroot.root / "root" / deb.name
    target.write_bytes(deb.read_bytes())
    chroot.apt("install", f"/root/{deb.name}")
    target.unlink()


def start_as_unit(chroot, port):
    unit = (chroot.root / "lib/systemd/system/logboom.service").read_text()
    command = re.search(r"^ExecStart=(.*)", unit, re.M)[1].split()
    return chroot.start(port, command, re.search(r"^User=(.*)", unit, re.M)[1])


def read_back(chroot):
    return bodies(chroot.run("logboom", "cat", "--config", "/etc/logboom/logboom.yaml"))


def check_installed(chroot):
    assert chroot.has(WANTED), "the unit is not enabled"
    assert not chroot.has(SOCKET_WANTED), "the socket is enabled"
    owner = chroot.run("stat", "-c", "%U %G %a", f"/{DATA}").strip()
    assert owner == "logboom logboom 700", owner
    assert "logboom.yaml" in chroot.run("dpkg-query", "-W", "-f", "${Conffiles}", "logboom")
    chroot.run("logboom", "check", "/etc/logboom/logboom.yaml")
    assert chroot.run("dpkg", "--audit") == ""
    assert chroot.run("dpkg", "--verify", "logboom") == ""


def enable_socket(chroot):
    """What `systemctl enable logboom.socket` does."""
    link = chroot.root / SOCKET_WANTED
    link.parent.mkdir(exist_ok=True)
    link.symlink_to("/lib/systemd/system/logboom.socket")


def edit_configuration(chroot, port):
    """What an administrator does; an upgrade must keep it."""
    path = chroot.root / "etc/logboom/logboom.yaml"
    path.write_text(path.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}"))


def try_deb(chroot, deb, directory):
    port = free_port()
    chroot.apt("update")
    install(chroot, deb)
    check_installed(chroot)
    say("installed: user, data directory, configuration, unit enabled")
    edit_configuration(chroot, port)
    start_as_unit(chroot, port).post("before the upgrade")
    assert read_back(chroot) == ["before the upgrade"]
    chroot.run("logboom", "health", "--url", f"http://127.0.0.1:{port}")
    say("started as the unit says, posted, read back")

    (chroot.root / WANTED).unlink()  # as `systemctl disable` does
    install(chroot, higher_version(deb, directory))
    assert "+trial" in chroot.run("dpkg-query", "-W", "-f", "${Version}", "logboom")
    assert not chroot.has(WANTED), "the upgrade enabled what was disabled"
    assert not chroot.has(SOCKET_WANTED), "the upgrade enabled the socket"
    chroot.server.post("from before the restart")
    chroot.stop()
    start_as_unit(chroot, port).post("after the upgrade")
    chroot.stop()
    expected = ["before the upgrade", "from before the restart", "after the upgrade"]
    assert read_back(chroot) == expected
    say("upgraded: served on, kept the configuration, the records and `disable`")

    enable_socket(chroot)
    chroot.apt("remove", "logboom")
    assert not chroot.has("usr/bin/logboom")
    assert chroot.has("etc/logboom/logboom.yaml") and chroot.has(f"{DATA}/FORMAT")
    say("removed: configuration and records are left")
    (chroot.root / DATA / "mine").write_text("not the server's")
    chroot.apt("purge", "logboom")
    left = sorted(path.name for path in (chroot.root / DATA).iterdir())
    assert left == ["mine"], left
    assert not chroot.has("etc/logboom") and not chroot.has(WANTED)
    assert not chroot.has(SOCKET_WANTED)
    (chroot.root / DATA / "mine").unlink()
    install(chroot, deb)
    start_as_unit_and_stop(chroot)
    chroot.apt("purge", "logboom")
    assert not chroot.has(DATA)
    assert chroot.run("dpkg", "--audit") == ""
    say("purged: the server's files are gone, somebody else's is left")


def start_as_unit_and_stop(chroot):
    port = free_port()
    edit_configuration(chroot, port)
    start_as_unit(chroot, port)
    chroot.stop()


def try_tarball(chroot, tarball, place):
    (chroot.root / place).mkdir(parents=True)
    run("tar", "-xzf", tarball, "-C", chroot.root / place, "--strip-components=1")
    program = f"/{place}/bin/logboom"
    loaded = chroot.run("env", "LD_TRACE_LOADED_OBJECTS=1", program)
    libraries = re.findall(r"=> (\S+)", loaded)
    outside = [path for path in libraries if not path.startswith(f"/{place}/")]
    strange = [path for path in outside if not re.search(r"/(libc|libm)\.so", path)]
    assert libraries and not strange, loaded
    port = free_port()
    command = [program, "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", "/tmp/data"]
    chroot.start(port, command).post(f"from /{place}")
    chroot.stop()
    assert bodies(chroot.run(program, "cat", "--data-dir", "/tmp/data"))[-1] == f"from /{place}"
    say(f"ran in /{place} with its own libraries")


def main(deb, tarball):
    with tempfile.TemporaryDirectory(prefix="logboom-trial-") as directory:
        for suite in ("bookworm", "trixie"):
            print(f"{suite}:", flush=True)
            chroot = Chroot(suite, directory)
            try:
                try_tarball(chroot, tarball, "opt/logboom")
                try_tarball(chroot, tarball, "srv/elsewhere")
                if suite == "bookworm":
                    try_deb(chroot, deb, directory)
            finally:
                chroot.close()
    print("the packages work")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
