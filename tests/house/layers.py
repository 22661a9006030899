"""The layer picture of docs/ARCHITECTURE.md as data: who may include whom, which library where."""

PUBLIC = "engine/include/reel"
C_HEADER = "engine/include"  # reel.h
BASE, IO, FORMAT, MEDIA = "engine/base", "engine/io", "engine/format", "engine/media"
SEGMENT, VOLUME, STORE = "engine/segment", "engine/volume", "engine/store"
AV, TESTING, INDEX, SERVER = "engine/av", "engine/testing", "index", "server"
# What libreel shows: it ships both engine and index, so it stands above both.
EMBED = "engine/embed"

PRODUCTION = [BASE, IO, FORMAT, MEDIA, SEGMENT, VOLUME, STORE, AV, INDEX, EMBED, SERVER]

# What a folder may include besides itself, the public headers and the standard library.
# engine/testing stands beside production: only tests, benchmarks and fuzzers reach it.
MAY_INCLUDE = {
    PUBLIC: [],
    C_HEADER: [],
    BASE: [],
    IO: [BASE],
    FORMAT: [BASE],
    MEDIA: [BASE],
    SEGMENT: [BASE, IO, FORMAT],
    VOLUME: [BASE, IO, FORMAT, SEGMENT],
    STORE: [BASE, IO, FORMAT, MEDIA, SEGMENT, VOLUME],
    TESTING: [BASE, IO],
    AV: [BASE, MEDIA],
    INDEX: [BASE, FORMAT],
    EMBED: [BASE, IO, STORE, INDEX, C_HEADER],
    SERVER: [BASE, IO, FORMAT, MEDIA, SEGMENT, VOLUME, STORE, AV, INDEX],
    "tools": PRODUCTION,
    "bench": PRODUCTION + ["tools", TESTING],
    "fuzz": PRODUCTION + ["tools", TESTING],
    "tests": PRODUCTION + [C_HEADER, "tools", "bench", "fuzz", TESTING],
}

# Third-party headers by their first letters, and the only folders that may see them.
LIBRARY_HOMES = {
    "liburing": [IO, "bench"],
    "isa-l": [BASE],
    "openssl/": [BASE, SERVER],
    "rocksdb/": [INDEX, "bench"],
    "libav": [AV],
    "libsw": [AV],
    "grpc": [SERVER],
    "google/protobuf": [SERVER],
    "CLI/": ["tools", "bench", SERVER],
    "nlohmann/": ["tools", "bench", SERVER],
    "gtest/": [],
    "gmock/": [],
    "benchmark/": ["bench"],
}
# Tests look behind every seam.
LIBRARY_GUESTS = ["tests", "fuzz"]
