# The command line: help, versions, mistakes and their exit codes.
import os
import re

import cityloom
from cityloom import command, expect, expect_equal

COMMANDS = ("serve", "import", "backup", "restore", "refold", "doctor", "bench", "version")


def test_help_of_the_program_and_of_each_command():
    code, out, _ = command("--help")
    expect_equal(code, 0, "code of --help")
    for name in COMMANDS:
        expect(re.search(rf"^  {name} +\S", out, re.M), f"--help does not name {name}")
        code, own, _ = command(name, "--help")
        expect_equal(code, 0, f"code of {name} --help")
        expect(f"Usage: cityloom {name}" in own and "Exit codes:" in own, f"help of {name}: {own}")


def test_no_command_is_a_mistake_that_shows_the_help():
    code, out, _ = command()
    expect_equal(code, 2, "code")
    expect("Commands:" in out, out)


def test_version():
    code, out, _ = command("version")
    expect_equal(code, 0, "code")
    expect(re.fullmatch(r"cityloom \d+\.\d+\.\d+\n", out), out)


def mistake(words, code, *said):
    is_, _, error = command(*words)
    expect_equal(is_, code, f"code of {words} ({error})")
    expect(error.startswith("cityloom: ") and error.count("\n") == 1, f"not one line: {error}")
    for text in said:
        expect(text in error, f"{text!r} is not in {error!r}")


def test_mistakes_name_what_was_meant():
    mistake(["sreve"], 2, "no command sreve", "did you mean serve?")
    mistake(["serve", "--prot", "1"], 2, "no option --prot", "did you mean --port?")
    mistake(["serve", "--port", "99999"], 2, "99999", "0 to 65535", "--port")
    mistake(["serve", "--host", "0.0.0.0"], 2, "reached from outside")
    mistake(["serve", "somewhere"], 2, "--city DIR")
    mistake(["import"], 2, "no file was named")
    mistake(["backup"], 2, "backup FOLDER")
    mistake(["bench", "nothing-of-that-name"], 2, "no benchmark")


def test_configuration_mistakes_name_file_line_and_nearest_key():
    with cityloom.folder() as folder:
        path = os.path.join(folder, "c.yaml")
        with open(path, "w") as f:
            f.write("data: ./var\nlisten:\n  prot: 80\n")
        mistake(["serve", "--config", path], 2, f"{path}:3", "did you mean listen.port?")
        mistake(["serve", "--config", folder + "/none.yaml"], 2, "cannot be read")
        with open(path, "w") as f:
            f.write("listen:\n  port: 0\n  port: 80\n")
        mistake(["serve", "--config", path], 2, f"{path}:3", "listen.port is there twice")


def test_data_folder_mistakes():
    with cityloom.folder() as folder:
        with open(folder + "/letter.txt", "w") as f:
            f.write("dear")
        mistake(["serve", "--data", folder], 3, "other things", "letter.txt")
        mistake(["serve", "--data", folder + "/letter.txt"], 3, "not a folder")
        mistake(["refold", "--data", folder + "/none"], 3, "no such data folder")
        mistake(["backup", "--data", folder + "/none", folder + "/to"], 3, "no such data folder")
        mistake(["restore", "--data", folder + "/new", folder], 5, "no backup")
        mistake(["serve", "--data", "/proc/none/at/all"], 3, "cannot be made")
        mistake(["import", "--data", folder + "/new", folder + "/none.osm"], 5, "none.osm")
        mistake(["import", "--data", folder + "/new", folder + "/letter.txt"], 5, "letter.txt")


cityloom.run_tests(globals())
