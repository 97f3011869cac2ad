"""Builds the container image with buildah and tries it for real.

Usage: image.py TAG VERSION REVISION

Where no registry can be reached, a base image is made with mmdebstrap and takes the name that the
Dockerfile's FROM has. Then the image is started as its configuration says (only the address is
another), takes a record, is killed with -9, and runs again on a read-only root file system, where
the record is read back.
"""

import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from trial import Running, bodies, free_port, make_root, run, say

ROOT = pathlib.Path(__file__).resolve().parents[1]
LAYERS_MAX_MB = 40
DATA = "/var/lib/logboom"
# What Debian's slim images leave out too.
SLIM = [f"--dpkgopt=path-{rule}" for rule in (
    "exclude=/usr/share/doc/*", "include=/usr/share/doc/*/copyright", "exclude=/usr/share/man/*",
    "exclude=/usr/share/info/*", "exclude=/usr/share/locale/*", "exclude=/usr/share/groff/*",
    "exclude=/usr/share/linda/*", "exclude=/usr/share/lintian/*")]


def succeeds(*command):
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def ensure_base(directory):
    """The image that FROM names: what is there already, from a registry, or made here."""
    name = re.search(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.M)[1]
    if succeeds("buildah", "inspect", "--type", "image", name):
        return say(f"base: {name}, as it is here")
    if succeeds("timeout", "120", "buildah", "pull", "--quiet", name):
        return say(f"base: {name}, from its registry")
    say(f"base: no registry gives {name}; making it with mmdebstrap")
    root = directory / "base.tar"
    make_root("bookworm", root, *SLIM)
    container = run("buildah", "from", "scratch").strip()
    run("buildah", "add", "--quiet", container, root, "/")
    run("buildah", "config", "--cmd", "bash", container)
    run("buildah", "commit", "--quiet", "--rm", container, f"localhost/{name}")
    return root.unlink()


def build(tag, version, revision):
    command = ["buildah", "build", "--isolation", "chroot", "--format", "docker", "--pull-never",
               "--layers", "--tag", tag, "--build-arg", f"VERSION={version}",
               "--build-arg", f"REVISION={revision}", str(ROOT)]
    subprocess.run(command, check=True, stdout=sys.stderr)


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


def main(tag, version, revision):
    with tempfile.TemporaryDirectory(prefix="logboom-image-") as name:
        directory = pathlib.Path(name)
        ensure_base(directory)
        build(tag, version, revision)
        inspected = json.loads(run("buildah", "inspect", "--type", "image", tag))
        config = inspected["Docker"]["config"]
        check_configuration(config, version)
        check_size(tag, directory)
        container = run("buildah", "from", "--pull-never", tag).strip()
        try:
            try_image(container, config, directory)
        finally:
            run("buildah", "rm", container)
    print(f"image {tag} is built and works: {inspected['Docker']['architecture']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
