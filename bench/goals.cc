#include "bench/goals.h"

#include <algorithm>

#include "engine/base/check.h"

namespace reel::bench {
namespace {

constexpr Judged kRatio = Judged::kFigureOverPeer;
constexpr Judged kTimes = Judged::kPeerOverFigure;
constexpr Judged kPlain = Judged::kFigure;
constexpr Judged kAbove = Judged::kFigureLessPeer;
constexpr Better kHigh = Better::kHigher;
constexpr Better kLow = Better::kLower;

}  // namespace

const std::vector<Goal>& Goals() {
  static const std::vector<Goal> goals = {
      {"a.gop", "append, 1000 streams, gop", "GB/s", "raw write", kRatio, kHigh, 0.75, 0.95},
      {"a.log", "append, 1000 streams, log", "GB/s", "raw write", kRatio, kHigh, 0.90, 0.98},
      {"b.gop", "CPU of a.gop", "CPU-s/GB", "", kPlain, kLow, 0.12, 0.05},
      {"b.log", "CPU of a.log", "CPU-s/GB", "", kPlain, kLow, 0.12, 0.05},
      {"c.file", "against file per stream", "GB/s", "files + fdatasync 1 s", kRatio, kHigh, 3, 6},
      {"c.blob", "against BlobDB with WAL", "GB/s", "BlobDB", kRatio, kHigh, 5, 8},
      {"d.core", "1000 paced streams, 4 Mbit/s", "% of a core", "", kPlain, kLow, 15, 8},
      {"d.ffmpeg", "CPU of a paced stream", "CPU-s/GB", "ffmpeg", kTimes, kHigh, 30, 60},
      {"e.p99", "ack p99, T = 250 ms", "ms", "", kPlain, kLow, 270, 258},
      {"e.p999", "ack p99.9, T = 250 ms", "ms", "", kPlain, kLow, 300, 265},
      {"f.p99", "ack p99, 16 greedy readers", "ms", "", kPlain, kLow, 290, 265},
      {"g.main", "device / payload, 4 Mbit/s", "x", "", kPlain, kLow, 1.05, 1.03},
      {"g.sub", "device / payload, 256 kbit/s", "x", "", kPlain, kLow, 1.15, 1.05},
      {"h.p50", "cold seek, keyframe p50", "us", "raw 4 + 256 KiB", kRatio, kLow, 1.5, 1.15},
      {"h.p99", "cold seek, keyframe p99", "us", "raw 4 + 256 KiB", kRatio, kLow, 2.0, 1.3},
      {"h.sqlite", "the same against SQLite", "us", "SQLite, minute files", kRatio, kLow, 1.0, 0.8},
      {"h.ffmpeg", "the same against ffmpeg -ss", "us", "ffmpeg -ss", kRatio, kLow, 1.0, 0.02},
      {"i.p50", "whole verified GOP p50", "us", "raw 4 KiB + GOP", kRatio, kLow, 1.5, 1.2},
      {"i.p99", "64 viewers, GOP p99", "ms", "", kPlain, kLow, 10, 3},
      {"j.cpu", "CPU per stream, 3000 to 10", "us/s", "10 streams", kRatio, kLow, 1.5, 1.1},
      {"j.seek", "seek p50, long history to short", "us", "10^6 keyframes", kRatio, kLow, 2, 1.3},
      {"k.bytes", "index", "B/keyframe", "", kPlain, kLow, 9, 6},
      {"k.cpu", "reindex from footers", "us/keyframe", "", kPlain, kLow, 2, 0.5},
      {"k.reads", "reindex", "reads/segment", "", kPlain, kLow, 3, 2},
      {"l.record", "after kill -9: recording", "s", "", kPlain, kLow, 5, 0.5},
      {"l.read", "after kill -9: all reads", "s", "", kPlain, kLow, 30, 2},
      {"m.export", "export", "GB/s", "raw read", kRatio, kHigh, 0.5, 0.9},
      {"n.1000", "memory, 1000 streams", "MiB/stream", "", kPlain, kLow, 2.5, 1.2},
      {"n.3000", "memory, 3000 streams", "MiB/stream", "", kPlain, kLow, 2.5, 1.2},
      {"o.ack", "rotating disks: ack p99, T = 1 s", "ms", "", kPlain, kLow, 1500, 1200},
      {"o.key50", "rotating disks: keyframe p50", "ms", "", kPlain, kLow, 40, 20},
      {"o.key99", "rotating disks: keyframe p99", "ms", "", kPlain, kLow, 150, 60},
      {"o.export", "rotating disks: 24 h export", "min", "", kPlain, kLow, 15, 5},
      {"o.scrub.ack", "o with a scrub: ack p99", "ms", "", kPlain, kLow, 1500, 1200},
      {"o.scrub.key50", "o with a scrub: keyframe p50", "ms", "", kPlain, kLow, 40, 20},
      {"o.scrub.key99", "o with a scrub: keyframe p99", "ms", "", kPlain, kLow, 150, 60},
      {"o.hang.ack", "o, a disk hangs 7 s: ack p99, others", "ms", "", kPlain, kLow, 1500, 1200},
      {"o.hang.moved", "o, a disk hangs 7 s: ack p99, its own", "ms", "", kPlain, kLow, 3500, 3200},
      {"o.hang.key50", "o, a disk hangs: keyframe p50, others", "ms", "", kPlain, kLow, 40, 20},
      {"o.hang.key99", "o, a disk hangs: keyframe p99, others", "ms", "", kPlain, kLow, 150, 60},
      {"o.dead.ack", "o, a disk dies: ack p99", "ms", "", kPlain, kLow, 1500, 1200},
      {"o.dead.key50", "o, a disk dies: keyframe p50, others", "ms", "", kPlain, kLow, 40, 20},
      {"o.dead.key99", "o, a disk dies: keyframe p99, others", "ms", "", kPlain, kLow, 150, 60},
      {"p.bytes", "segment / payload, day and night", "x", "", kPlain, kLow, 1.10, 1.03},
      {"p.one", "GOPs in one read (gop)", "%", "", kPlain, kHigh, 85, 99},
      {"scale.age", "3000 streams, 90 days: oldest, most to least", "x", "", kPlain, kLow, 1.2,
       1.05},
      {"scale.index", "index, 3 lives of the disks to 1", "x", "", kPlain, kLow, 1.2, 1.05},
      {"scale.open", "opening after a crash", "reads/segment", "", kPlain, kLow, 1.5, 1.05},
      {"rpc.ingest", "1000 RTSP cameras, wire to durable", "cores", "", kPlain, kLow, 1.0, 0.5},
      {"rpc.memory", "memory of an RTSP camera", "MiB", "", kPlain, kLow, 4, 2.5},
      {"rpc.ffmpeg", "CPU of an RTSP camera", "ms/s", "ffmpeg", kTimes, kHigh, 10, 20},
      {"rpc.seek50", "Seek over a socket, keyframe p50", "us", "raw", kAbove, kLow, 150, 100},
      {"rpc.seek99", "Seek over a socket, keyframe p99", "us", "raw", kAbove, kLow, 1000, 400},
      {"rpc.readers", "ack p99, 64 RPC viewers at 4x", "ms", "", kPlain, kLow, 290, 265},
  };
  return goals;
}

const Goal& GoalOf(const std::string& id) {
  const auto at =
      std::find_if(Goals().begin(), Goals().end(), [&](const Goal& goal) { return goal.id == id; });
  REEL_CHECK(at != Goals().end(), "a figure belongs to a goal");
  return *at;
}

}  // namespace reel::bench
