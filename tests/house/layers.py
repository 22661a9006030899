"""The layer picture of docs/ARCHITECTURE.md as data: who may include whom, which library where."""

PUBLIC = "engine/include/reel"
C_HEADER = "engine/include"  # reel.h
BASE, IO, FORMAT, MEDIA = "engine/base", "engine/io", "engine/format", "engine/media"
SEGMENT, VOLUME, STORE = "engine/segment", "engine/volume", "engine/store"
AV, TESTING, INDEX = "engine/av", "engine/testing", "index"
# What libreel shows: it ships both engine and index, so it stands above both.
EMBED = "engine/embed"
# The node as a process. What camera ingest and RPC share is the store and the configuration.
CONFIG, RTSP, FEED, INGEST = "server/config", "server/rtsp", "server/feed", "server/ingest"
ACCESS, PROTO, RPC, DAEMON = "server/access", "server/proto", "server/rpc", "server/daemon"
CLIENT = "server/client"
BELOW_DAEMON = [CONFIG, RTSP, FEED, INGEST, ACCESS, PROTO, RPC, CLIENT]
SERVER = [*BELOW_DAEMON, DAEMON]

PRODUCTION = [BASE, IO, FORMAT, MEDIA, SEGMENT, VOLUME, STORE, AV, INDEX, EMBED, *SERVER]

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
    CONFIG: [BASE],
    RTSP: [BASE, MEDIA],
    FEED: [BASE, FORMAT, MEDIA, AV, RTSP],
    INGEST: [BASE, IO, MEDIA, CONFIG, RTSP, FEED],
    ACCESS: [BASE, IO, CONFIG],
    PROTO: [],
    CLIENT: [BASE, PROTO, CONFIG, INGEST, ACCESS],
    RPC: [BASE, MEDIA, AV, CONFIG, INGEST, ACCESS, PROTO],
    DAEMON: [BASE, AV, EMBED, *BELOW_DAEMON],
    "tools": PRODUCTION,
    "bench": PRODUCTION + ["tools", TESTING],
    "fuzz": PRODUCTION + ["tools", TESTING],
    "tests": PRODUCTION + [C_HEADER, "tools", "bench", "fuzz", TESTING],
}

# Third-party headers by their first letters, and the only folders that may see them.
LIBRARY_HOMES = {
    "liburing": [IO, "bench"],
    "isa-l": [BASE],
    "openssl/": [BASE, RTSP, INGEST, ACCESS],
    "rocksdb/": [INDEX, "bench"],
    "libav": [AV],
    "libsw": [AV],
    "grpc": [RPC, CLIENT, "bench"],
    "google/protobuf": [RPC, CLIENT],
    "reel/v1/": [RPC, CLIENT, "bench"],  # generated from server/proto
    "toml++/": [CONFIG],
    "prometheus/": [DAEMON],
    "systemd/": [DAEMON],
    "CLI/": ["tools", "bench", DAEMON],
    "nlohmann/": ["tools", "bench", ACCESS],
    "gst/": [],
    "gtest/": [],
    "gmock/": [],
    "benchmark/": ["bench"],
    "sqlite3": ["bench"],
}
# Tests look behind every seam.
LIBRARY_GUESTS = ["tests", "fuzz"]
