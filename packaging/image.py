"""Builds the container image with buildah and tries it for real.

Usage: image.py TAG VERSION REVISION [PLATFORM[,PLATFORM]]

A platform is linux/amd64 or linux/arm64; without one it is the machine's own. Images of several
are tagged TAG-amd64 and TAG-arm64, and TAG is the list of them. What is of another architecture
runs by qemu; where that cannot be, it exits with 77, after the machine's own image has been built
and tried.

Where no registry can be reached, a base image is made with mmdebstrap and takes the name that the
Dockerfile's FROM has. Then the image is started as its configuration says (only the address is
another), takes a record, is killed with -9, and runs again on a read-only root file system, where
the record is read back.
"""

import functools
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from emulation import PROCESSORS, CannotEmulate, able_to_run
from trial import Running, bodies, free_port, make_root, run, say

ROOT = pathlib.Path(__file__).resolve().parents[1]
LAYERS_MAX_MB = 40
DATA = "/var/lib/logboom"
ELF_MACHINES = {"amd64": 0x3E, "arm64": 0xB7}
# What Debian's slim images leave out too.
SLIM = [f"--dpkgopt=path-{rule}" for rule in (
    "exclude=/usr/share/doc/*", "include=/usr/share/doc/*/copyright", "exclude=/usr/share/man/*",
    "exclude=/usr/share/info/*", "exclude=/usr/share/locale/*", "exclude=/usr/share/groff/*",
    "exclude=/usr/share/linda/*", "exclude=/usr/share/lintian/*")]


def succeeds(*command):
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@functools.cache
def native_architecture():
    return run("dpkg", "--print-architecture").strip()


def base_is_here(name, architecture):
    return succeeds("buildah", "pull", "--quiet", "--policy", "never", "--platform",
                    f"linux/{architecture}", name)


def make_list(name, images):
    """A manifest list of the images, in place of the list or the image that had the name."""
    if not succeeds("buildah", "manifest", "rm", name):
        succeeds("buildah", "rmi", name)
    run("buildah", "manifest", "create", name)
    for image in images:
        run("buildah", "manifest", "add", name, image)


def ensure_own_base(name, architecture, directory):
    """A base image of one architecture, as localhost/ARCHITECTURE/name."""
    own = f"localhost/{architecture}/{name}"
    if base_is_here(own, architecture):
        return
    if base_is_here(name, architecture):
        run("buildah", "tag", name, own)
        return
    say(f"base: no registry gives {name} for {architecture}; making it with mmdebstrap")
    root = directory / "base.tar"
    # Whether it can be run here is settled, without a further program that mmdebstrap would ask.
    make_root("bookworm", root, f"--architectures={architecture}", "--skip=check/qemu", *SLIM)
    container = run("buildah", "from", "--arch", architecture, "scratch").strip()
    run("buildah", "add", "--quiet", container, root, "/")
    run("buildah", "config", "--arch", architecture, "--cmd", "bash", container)
    run("buildah", "commit", "--quiet", "--rm", container, own)
    root.unlink()


def ensure_base(architecture, directory):
    """What FROM names, for the machine's architecture and the image's: what is there already, from
    a registry, or made here. Returns how the build is to look for it."""
    architectures = list(dict.fromkeys([native_architecture(), architecture]))
    name = re.search(r"^FROM \S+ (\S+)", (ROOT / "Dockerfile").read_text(), re.M)[1]
    if all(base_is_here(name, each) for each in architectures):
        say(f"base: {name}, as it is here")
        return "--pull-never"
    if succeeds("timeout", "120", "buildah", "pull", "--quiet", "--policy", "always", "--platform",
                f"linux/{architecture}", name):
        say(f"base: {name}, from its registry")
        return "--pull"
    for each in architectures:
        ensure_own_base(name, each, directory)
    make_list(f"localhost/{name}", [f"localhost/{each}/{name}" for each in architectures])
    return "--pull-never"


def build(tag, architecture, version, revision, pull):
    # Newer buildah sets BUILDPLATFORM itself; Debian 12's would compile under qemu without it.
    arguments = {"VERSION": version, "REVISION": revision,
                 "BUILDPLATFORM": f"linux/{native_architecture()}"}
    command = ["buildah", "build", "--isolation", "chroot", "--format", "docker", pull, "--layers",
               "--platform", f"linux/{architecture}", "--tag", tag]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    subprocess.run([*command, str(ROOT)], check=True, stdout=sys.stderr)


def check_size(tag, directory):
    """The layers above the base, as they lie on disk; the base is the first of them."""
    run("buildah", "push", "--quiet", "--disable-compression", tag, f"dir:{directory}/pushed")
    layers = json.loads((directory / "pushed/manifest.json").read_text())["layers"]
    sizes = [layer["size"] / 1e6 for layer in layers]
    above = sum(sizes[1:])
    say(f"layers above the base: {' + '.join(f'{size:.1f}' for size in sizes[1:])} = {above:.1f} "
        f"MB (base {sizes[0]:.1f} MB)")
    assert above <= LAYERS_MAX_MB, f"{above:.1f} MB are more than {LAYERS_MAX_MB}"


def check_configuration(config, version):
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == version, labels
    assert config["User"].split(":")[0] not in ("", "0", "root"), config["User"]
    assert config["Healthcheck"]["Test"] == ["CMD", "logboom", "health"], config["Healthcheck"]
    assert DATA in config["Volumes"], config["Volumes"]


def check_machine(container, architecture):
    """The server and the base's shell are of the architecture that the image says."""
    root = pathlib.Path(run("buildah", "mount", container).strip())
    for name in ("usr/bin/logboom", "usr/bin/dash"):
        with (root / name).open("rb") as program:
            machine = int.from_bytes(program.read(20)[18:], "little")
        assert machine == ELF_MACHINES[architecture], f"{architecture}: {name}: ELF {machine:#x}"


def command_of(config, port):
    """What a container of this image runs, but on an address of its own."""
    words = [*config["Entrypoint"], *config["Cmd"]]
    words[words.index("--listen") + 1] = f"127.0.0.1:{port}"
    return words


def in_container(container, data, *words):
    return ["buildah", "run", "--isolation", "chroot", "--volume", f"{data}:{DATA}", container,
            "--", *words]


def on_read_only_root(root, data, user, *words):
    """The command in a mount namespace of its own, where nothing but the volume can be written."""
    script = (f'mount --bind "$1" "$1" && mount --bind "$2" "$1{DATA}" && '
              'mount -o remount,bind,ro "$1" && cd / && root=$1 user=$3 && shift 3 && '
              'exec chroot --userspec="$user" "$root" "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", root, data,
            user, *words]


def try_image(container, config, directory):
    data = directory / "volume"
    data.mkdir(mode=0o700)
    user = config["User"]
    run("chown", user, data)
    port = free_port()
    log = directory / "server.log"
    server = Running(in_container(container, data, *command_of(config, port)), port, log)
    try:
        server.post("before the kill")
        run(*in_container(container, data, "logboom", "health", "--url",
                          f"http://127.0.0.1:{port}"))
        uid = pathlib.Path(f"/proc/{server.server_pid()}").stat().st_uid
        assert uid == int(user.split(":")[0]), uid
        server.end(signal.SIGKILL)
    finally:
        server.kill()
    cat = in_container(container, data, "logboom", "cat", "--data-dir", DATA)
    assert bodies(run(*cat)) == ["before the kill"]
    say(f"ran as {uid}, took a record, was killed with -9, gave it back")
    try_read_only(container, config, directory)
    assert bodies(run(*cat)) == ["before the kill", "after the kill"]


def try_read_only(container, config, directory):
    root = run("buildah", "mount", container).strip()
    data, user, port = directory / "volume", config["User"], free_port()
    written = subprocess.run(on_read_only_root(root, data, "0:0", "touch", "/usr/bin/x"),
                             check=False, capture_output=True)
    assert b"Read-only" in written.stderr, written
    command = on_read_only_root(root, data, user, *command_of(config, port))
    server = Running(command, port, directory / "server.log")
    try:
        server.post("after the kill")
        assert server.end() == 0, server.log.read_text()
    finally:
        server.kill()
    say("ran on a read-only root file system, took a record, ended with 0")


def build_and_try(tag, architecture, version, revision, directory):
    build(tag, architecture, version, revision, ensure_base(architecture, directory))
    inspected = json.loads(run("buildah", "inspect", "--type", "image", tag))
    assert inspected["Docker"]["architecture"] == architecture, inspected["Docker"]["architecture"]
    config = inspected["Docker"]["config"]
    check_configuration(config, version)
    check_size(tag, directory)
    container = run("buildah", "from", "--pull-never", "--arch", architecture, tag).strip()
    try:
        check_machine(container, architecture)
        try_image(container, config, directory)
    finally:
        run("buildah", "rm", container)
    print(f"image {tag} is built and works: {architecture}", flush=True)


def main(tag, version, revision, platforms=""):
    native = native_architecture()
    asked = [word.removeprefix("linux/") for word in platforms.split(",") if word] or [native]
    unknown = [architecture for architecture in asked if architecture not in PROCESSORS]
    if unknown:
        sys.exit(f"image.py: no platform of ours: {', '.join(unknown)}; linux/amd64 or linux/arm64")
    tags = {each: tag if len(asked) == 1 else f"{tag}-{each}" for each in asked}
    for architecture in sorted(asked, key=lambda each: each != native):
        with (tempfile.TemporaryDirectory(prefix="logboom-image-") as name,
              able_to_run(architecture, native)):
            build_and_try(tags[architecture], architecture, version, revision, pathlib.Path(name))
    if len(asked) > 1:
        make_list(tag, tags.values())
        print(f"image {tag} is the list of {', '.join(tags.values())}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except CannotEmulate as why:
        print(f"skipped: the image of another architecture is built and tried by qemu, and {why}")
        sys.exit(77)
