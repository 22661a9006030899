"""What the tests of the installed library share: running commands, and the examples of
docs/EMBEDDING.md as files."""

import os
import re
import subprocess

BLOCK = re.compile(r"^```\w+\n((?://|#) (\S+)\n.*?)^```", re.DOTALL | re.MULTILINE)
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, cwd=None, env=None):
    """The command's output; AssertionError with all of it if it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}")
    return done.stdout


def write_examples(source_dir, folder):
    """Each code block whose first line names a file, as that file."""
    with open(os.path.join(source_dir, "docs", "EMBEDDING.md"), encoding="utf-8") as file:
        blocks = {name: body for body, name in BLOCK.findall(file.read())}
    for name, body in blocks.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(body)
    return blocks


def environment(prefix, libdir):
    """This process's, and what finds the library below `prefix`."""
    return os.environ | {"PKG_CONFIG_PATH": os.path.join(prefix, libdir, "pkgconfig"),
                         "CMAKE_PREFIX_PATH": prefix,
                         "LD_LIBRARY_PATH": os.path.join(prefix, libdir)}


def compile_with_pkg_config(source, binary, env):
    compiler = ["g++", "-std=c++20"] if source.endswith(".cc") else ["gcc", "-std=c11"]
    flags = run("pkg-config", "--cflags", "--libs", "reel", env=env).split()
    run(*compiler, *WARNINGS, source, *flags, "-o", binary, env=env)


def try_example(binary, folder, env):
    """Runs an example in a new folder, which has to read back what it recorded."""
    os.makedirs(folder)
    out = run(binary, folder, env=env)
    expected = ["250 pictures are durable", "picture 100, 1000 B", "picture 102, 1000 B"]
    missing = [line for line in expected if line not in out.splitlines()]
    if missing or "picture 99," in out or "picture 103," in out:
        raise AssertionError(f"{binary}: {missing} in\n{out}")
