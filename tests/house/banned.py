"""Names that may not be used, where, and what to use instead: the message of each rule says it."""

import re
from dataclasses import dataclass

ENGINE = ("engine/", "index/")
LIBRARY = ENGINE + ("server/",)
EVERYWHERE = ("engine/", "index/", "server/", "tools/", "bench/", "fuzz/", "tests/")
NOT_BENCH = tuple(folder for folder in EVERYWHERE if folder != "bench/")

# The one place where each machine-given thing is asked for.
SYSTEM = r"engine/(base|io)/system_?\w*\.cc"
CHECK = r"engine/base/check\.cc"


@dataclass(frozen=True)
class Ban:
    name: str
    pattern: str
    folders: tuple
    instead: str
    except_in: str = "$^"  # matches no path

    def applies_to(self, path):
        return path.startswith(self.folders) and not re.fullmatch(self.except_in, path)


BANS = [
    Ban("print", r"\bstd::(cout|cerr|clog)\b|\b(v|f|vf)?printf\s*\(|\bf?puts\s*\(", ENGINE,
        "the log callback (reel/log.h): a library never prints", CHECK),
    Ban("chance", r"\b(s?rand|[dlm]rand48|getrandom)\s*\(|::random\s*\(|\bstd::random_device\b",
        EVERYWHERE, "Random (reel/clock.h), which a test can seed", SYSTEM),
    Ban("clock", r"\b(system|steady|high_resolution)_clock::now\b"
        r"|\b(clock_gettime|gettimeofday)\s*\(|\btime\s*\(\s*(nullptr|NULL|0|&)", NOT_BENCH,
        "Clock (reel/clock.h), which a test can step", SYSTEM),
    Ban("sleep", r"\bsleep_(for|until)\b|\b(u|nano|clock_nano)?sleep\s*\(", EVERYWHERE,
        "a wait for the event itself; tests step the simulated clock"),
    Ban("assert", r"\bassert\s*\(|<cassert>|<assert\.h>", EVERYWHERE,
        "REEL_CHECK (engine/base/check.h), which is on in release"),
    Ban("throw", r"\bthrow\b", LIBRARY, "a Status (reel/status.h): errors are values"),
    Ban("exit", r"\b(_?exit|quick_exit|abort|terminate)\s*\(", LIBRARY,
        "a Status for what the world does, REEL_CHECK for a bug", CHECK),
    Ban("newer-std", r"\bstd::(views|ranges::views|source_location|format|expected)\b"
        r"|<(format|expected|source_location)>", EVERYWHERE,
        "a loop, __FILE__, std::to_string or Result: g++ 12 or clang 14 lacks it"),
    Ban("endl", r"\bstd::endl\b", EVERYWHERE, "'\\n': endl flushes"),
    Ban("detach", r"\.\s*detach\s*\(", EVERYWHERE, "a thread with an owner that joins it"),
    Ban("c-string", r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok)\s*\(", EVERYWHERE,
        "std::string, or snprintf with the size of its buffer"),
    Ban("c-number", r"\b(ato[ifl]|atoll|strto[a-z]+|sto[ifld]|stoll|stoull?|sscanf)\s*\(",
        EVERYWHERE, "std::from_chars, which reports what it could not read"),
    Ban("volatile", r"\bvolatile\b", EVERYWHERE, "std::atomic"),
    Ban("using-std", r"\busing\s+namespace\s+std\s*;", EVERYWHERE, "std:: in front of the name"),
]
