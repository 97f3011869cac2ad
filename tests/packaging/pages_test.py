"""The man page and the shells' completions have every option of every subcommand."""

import pathlib
import re
import shutil
import subprocess

import pytest

from logboom_server import binary, run_logboom

PAGES = pathlib.Path(binary()).parent / "cli" / "pages"
OPTION = re.compile(r"^  (?:-\w,)?--([\w-]+)", re.MULTILINE)


def help_of(*command):
    return run_logboom(*command, "--help").stdout.decode()


def subcommands():
    listing = help_of().split("Subcommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\w+)", listing, re.MULTILINE)


def options_of(*command):
    names = OPTION.findall(help_of(*command))
    assert "help" in names
    return names


def need(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return program


def complete(*words):
    """What bash offers for the last word of a command line."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_logboom; [ -z "${COMPREPLY[*]}" ] || printf "%s\\n" "${COMPREPLY[@]}"')
    result = subprocess.run(
        ["bash", "-c", script, "bash", PAGES / "logboom.bash", "logboom", *words],
        check=True, capture_output=True, text=True)
    assert result.stderr == ""
    return result.stdout.split("\n")[:-1]


def test_the_help_lists_the_subcommands_that_these_tests_go_through():
    assert {"serve", "check", "config", "cat", "verify", "health"} <= set(subcommands())


def test_the_man_page_has_every_option_of_every_subcommand():
    page = (PAGES / "logboom.1").read_text().replace("\\-", "-")
    sections = {part.split("\n")[0]: part for part in re.split(r"^\.SS ", page, flags=re.M)[1:]}
    for command in subcommands():
        for option in options_of(command):
            assert f"\\fB--{option}\\fR" in sections[f"logboom {command}"], (command, option)


def test_the_man_page_renders_without_a_warning():
    groff = need("groff")
    result = subprocess.run([groff, "-man", "-Tutf8", "-ww", PAGES / "logboom.1"], check=False,
                            capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    plain = re.sub(r"\x1b\[[\d;]*m", "", result.stdout)
    assert "logboom cat --follow --where user.id=42" in plain


def test_bash_offers_the_subcommands_and_every_option():
    assert set(subcommands()) <= set(complete(""))
    for command in subcommands():
        offered = complete(command, "--")
        assert set(offered) == {f"--{option}" for option in options_of(command)}, command


def test_bash_offers_choices_files_and_directories(tmp_path):
    (tmp_path / "some dir").mkdir()
    (tmp_path / "some.yaml").touch()
    assert complete("cat", "--format", "") == ["json", "text"]
    assert complete("cat", "--format", "=", "t") == ["text"]
    start = f"{tmp_path}/some"
    assert set(complete("check", start)) == {f"{start} dir", f"{start}.yaml"}
    assert complete("cat", "--data-dir", start) == [f"{start} dir"]
    assert complete("cat", "--grep", "") == []


def test_zsh_and_fish_completions_have_every_option():
    zsh = (PAGES / "_logboom").read_text()
    fish = (PAGES / "logboom.fish").read_text()
    for command in subcommands():
        case = zsh.split(f"    {command}) _arguments ")[1].split(";;")[0]
        lines = [line for line in fish.splitlines() if f"_from {command}'" in line]
        for option in options_of(command):
            assert re.search(rf"'\*?--{option}[=\[]", case), (command, option)
            assert any(f"-l {option} " in line for line in lines), (command, option)


def test_zsh_reads_its_completion():
    result = subprocess.run([need("zsh"), "-n", PAGES / "_logboom"], check=False,
                            capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_fish_offers_the_options_of_a_subcommand():
    script = f"source {PAGES}/logboom.fish; complete -C 'logboom cat --'"
    result = subprocess.run([need("fish"), "--no-config", "-c", script], check=True,
                            capture_output=True, text=True)
    offered = {line.split("\t")[0] for line in result.stdout.splitlines()}
    assert offered == {f"--{option}" for option in options_of("cat")}
