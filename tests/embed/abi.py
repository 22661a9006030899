"""The ABI of reel.h as text: every function as it is declared, every enumerator with its value, every
struct with its size and the place of each member, as the compiler lays them out."""

import os
import re
import subprocess

ENUM = re.compile(r"typedef enum \w+ \{(.*?)\} \w+;", re.DOTALL)
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\} \w+;", re.DOTALL)
MEMBER = re.compile(r"(\w+)(?:\[\d+\])?;")
FUNCTION = re.compile(r"REEL_API ([^;]*);")
CALLBACK = re.compile(r"typedef (\w+ \(\*\w+\)\([^;]*\));")


def describe(header, work, include_dir):
    """Lines of text. Compiles a program in `work` that prints sizes and offsets."""
    with open(header, encoding="utf-8") as file:
        text = re.sub(r"//[^\n]*", "", file.read())
    names = [name for body in ENUM.findall(text) for name in re.findall(r"(REEL_\w+)", body)]
    program = ["#include <reel.h>", "#include <stddef.h>", "#include <stdio.h>", "int main(void) {"]
    program += [f'  printf("{name} = %d\\n", {name});' for name in names]
    for struct, body in STRUCT.findall(text):
        program.append(f'  printf("struct {struct}: %zu bytes\\n", sizeof({struct}));')
        program += [f'  printf("  {member} at %zu, %zu bytes\\n", offsetof({struct}, {member}), '
                    f'sizeof((({struct}*)0)->{member}));' for member in MEMBER.findall(body)]
    source = os.path.join(work, "abi.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("\n".join(program + ["  return 0;", "}", ""]))
    binary = os.path.join(work, "abi")
    subprocess.run(["gcc", "-std=c11", f"-I{include_dir}", source, "-o", binary], check=True)
    laid_out = subprocess.run([binary], check=True, capture_output=True, text=True).stdout
    declared = [" ".join(match.split()) for pattern in (FUNCTION, CALLBACK)
                for match in pattern.findall(text)]
    return sorted(declared) + laid_out.splitlines()
