// reel-feed: reads one source with libavformat, for reeld and in a process of its own, so that what
// a source does to a demuxer of millions of lines it does to nobody else.
//
// Standard input and output are one socket to reeld (feed_frame.h): a request comes, then tracks,
// units and the end go out. Address and password come that way alone. It ends when the other side
// does, and writes no faster than that reads. Files go as fast as they were filmed.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <utility>

#include "engine/av/live_source.h"
#include "engine/av/source.h"
#include "engine/base/bytes.h"
#include "engine/base/edge.h"
#include "reel/clock.h"
#include "server/feed/feed_frame.h"
#include "server/feed/live_times.h"

namespace reel::server {
namespace {

constexpr uint64_t kMaxMemoryBytes = uint64_t{1} << 30;
constexpr uint64_t kMaxFiles = 64;

// It may use the network and read files. It may not outlive reeld, gain rights, write files, be
// looked into (it knows a password), or take more than a bounded part of the machine.
Status Confine() {
  std::signal(SIGPIPE, SIG_IGN);
  bool confined = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
                  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  const auto limit = [&confined](auto resource, uint64_t most) {
    const rlimit limits{most, most};
    confined = confined && setrlimit(resource, &limits) == 0;
  };
#if !defined(__SANITIZE_ADDRESS__)
  limit(RLIMIT_AS, kMaxMemoryBytes);
#endif
  limit(RLIMIT_NOFILE, kMaxFiles);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CORE, 0);
  if (confined) return OkStatus();
  return Status(Code::kFailedPrecondition, "the reading process cannot be confined", errno);
}

// Whether reeld has gone, or comes to within `wait`: behind the request it says nothing.
bool Gone(Duration wait) {
  pollfd other{STDIN_FILENO, POLLIN, 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return poll(&other, 1, static_cast<int>(ms)) > 0;
}

Status ReadExactly(MutableByteSpan into) {
  while (!into.empty()) {
    const ssize_t got = read(STDIN_FILENO, into.data(), into.size());
    if (got == 0) return Status(Code::kCancelled, "no request");
    if (got < 0 && errno != EINTR) return Status::FromErrno(errno, "reading the request");
    into = into.subspan(got > 0 ? static_cast<size_t>(got) : 0);
  }
  return OkStatus();
}

Result<FeedRequest> ReadRequest() {
  Bytes length(kFeedLengthBytes);
  REEL_RETURN_IF_ERROR(ReadExactly(length));
  Bytes frame(std::min<size_t>(LoadLe<uint32_t>(length.data()), 5 * kMaxFeedTextBytes));
  REEL_RETURN_IF_ERROR(ReadExactly(frame));
  return DecodeRequest(frame);
}

// Cancelled: reeld has gone.
Status Write(ByteSpan head, ByteSpan rest = {}) {
  while (!head.empty() || !rest.empty()) {
    std::array<iovec, 2> parts{{{const_cast<std::byte*>(head.data()), head.size()},
                                {const_cast<std::byte*>(rest.data()), rest.size()}}};
    const ssize_t put = writev(STDOUT_FILENO, parts.data(), static_cast<int>(parts.size()));
    if (put < 0 && errno != EINTR) return Status(Code::kCancelled, "nobody listens");
    const size_t done = put > 0 ? static_cast<size_t>(put) : 0;
    const size_t of_head = std::min(done, head.size());
    head = head.subspan(of_head);
    rest = rest.subspan(done - of_head);
  }
  return OkStatus();
}

Status WriteUnit(const FeedUnit& unit) {
  if (unit.track_change != nullptr) {
    REEL_ASSIGN_OR_RETURN(const Bytes change, EncodeChange(*unit.track_change));
    REEL_RETURN_IF_ERROR(Write(change));
  }
  return Write(EncodeUnitHead(unit), unit.bytes);
}

Status WriteTracks(const std::vector<TrackInfo>& tracks) {
  REEL_ASSIGN_OR_RETURN(const Bytes frame, EncodeTracksFrame(tracks));
  return Write(frame);
}

// A unit that makes no sense costs that unit.
bool LeftOut(const Status& status) { return status.code() == Code::kInvalidArgument; }

Status FeedFile(const std::string& path) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<MediaSource> source, OpenMediaFile(path));
  REEL_RETURN_IF_ERROR(WriteTracks(source->tracks()));
  const MonoTime begin = SystemClock().MonoNow();
  for (;;) {
    const Result<std::optional<SourceUnit>> next = source->Next();
    if (LeftOut(next.status())) continue;
    if (!next.ok()) return next.status();
    if (!*next) return Unavailable("the file is at its end");
    const SourceUnit& unit = **next;
    for (;;) {
      const Duration wait = begin + unit.offset - SystemClock().MonoNow();
      if (wait <= Duration{0}) break;
      if (Gone(std::min<Duration>(wait, std::chrono::seconds(10)))) return OkStatus();
    }
    const TrackInfo* change = unit.track_change ? &*unit.track_change : nullptr;
    REEL_RETURN_IF_ERROR(
        WriteUnit({unit.track, unit.flags, unit.pts, unit.dts, unit.bytes, change}));
  }
}

Status FeedLive(const FeedRequest& request) {
  const MediaAddress address{request.url, request.user, request.password, request.ca_file};
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<LiveSource> source,
                        OpenLiveSource(address, [] { return Gone(Duration{0}); }));
  std::vector<TrackInfo> tracks;
  std::vector<LiveTimes> times;
  for (const PacketTrack& track : source->tracks()) {
    tracks.push_back(track.info);
    times.emplace_back(track);
  }
  REEL_RETURN_IF_ERROR(WriteTracks(tracks));
  for (;;) {
    Result<LiveUnit> unit = source->Next();
    if (LeftOut(unit.status())) continue;
    if (!unit.ok()) return unit.status();
    times[unit->track.value].Complete(&*unit, SystemClock().MonoNow());
    const TrackInfo* change = unit->track_change ? &*unit->track_change : nullptr;
    REEL_RETURN_IF_ERROR(
        WriteUnit({unit->track, unit->flags, *unit->pts, *unit->dts, unit->bytes, change}));
  }
}

Status Feed() {
  REEL_RETURN_IF_ERROR(Confine());
  REEL_ASSIGN_OR_RETURN(const FeedRequest request, ReadRequest());
  std::error_code none;
  const bool is_file = std::filesystem::is_regular_file(request.url, none);
  return is_file ? FeedFile(request.url) : FeedLive(request);
}

int Main() {
  const Status status = Feed();
  if (status.ok() || status.code() == Code::kCancelled) return 0;
  return Write(EncodeEnd(status)).ok() ? 0 : 1;
}

}  // namespace
}  // namespace reel::server

int main() {
  return reel::AtEdgeOrDie("reel-feed", [] { return reel::server::Main(); });
}
