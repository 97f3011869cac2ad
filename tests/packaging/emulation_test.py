"""What the trial of an image for another architecture changes on the machine, it takes back."""

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "packaging"))

import emulation  # noqa: E402

LINE = ":qemu-aarch64:M::magic:mask:/usr/bin/qemu-aarch64-static:OPF\n"


@pytest.fixture(name="binfmt")
def made_up_binfmt(tmp_path, monkeypatch):
    """A directory in the place of binfmt_misc's; what is written to it can be read there."""
    (tmp_path / "register").write_text("")
    (tmp_path / "qemu-aarch64.conf").write_text(LINE)
    monkeypatch.setattr(emulation, "BINFMT", tmp_path)
    monkeypatch.setattr(emulation, "REGISTRATIONS", tmp_path)
    return tmp_path


def test_the_machines_own_architecture_changes_nothing(binfmt):
    with emulation.able_to_run("amd64", "amd64"):
        assert (binfmt / "register").read_text() == ""
    assert not (binfmt / "qemu-x86_64").exists()


@pytest.mark.parametrize("end", [None, KeyboardInterrupt, AssertionError])
def test_what_was_registered_for_the_trial_is_taken_away_however_it_ends(binfmt, end):
    try:
        with emulation.able_to_run("arm64", "amd64"):
            assert (binfmt / "register").read_text() == LINE
            assert not (binfmt / "qemu-aarch64").exists()
            if end:
                raise end
    except (KeyboardInterrupt, AssertionError) as error:
        assert isinstance(error, end)
    assert (binfmt / "qemu-aarch64").read_text() == "-1"


def test_what_is_registered_already_stays(binfmt):
    entry = "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\n"
    (binfmt / "qemu-aarch64").write_text(entry)
    with emulation.able_to_run("arm64", "amd64"):
        pass
    assert (binfmt / "register").read_text() == ""
    assert (binfmt / "qemu-aarch64").read_text() == entry


@pytest.mark.parametrize("entry", ["disabled\nflags: F\n", "enabled\nflags: OC\n"])
def test_a_registration_that_serves_no_chroot_is_said_to_be_in_the_way(binfmt, entry):
    (binfmt / "qemu-aarch64").write_text(entry)
    with pytest.raises(emulation.CannotEmulate, match="without flag F"):
        with emulation.able_to_run("arm64", "amd64"):
            pass
    assert (binfmt / "qemu-aarch64").read_text() == entry


def test_where_qemu_is_not_installed_it_says_so(binfmt):
    (binfmt / "qemu-aarch64.conf").unlink()
    with pytest.raises(emulation.CannotEmulate, match="qemu-aarch64 cannot be registered"):
        with emulation.able_to_run("arm64", "amd64"):
            pass
