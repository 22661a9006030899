#include "tools/player.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>
#include <vector>

#include "engine/media/nal.h"

namespace reel {
namespace {

// What is looked at before the rate is known.
constexpr size_t kFirstUnits = 64;
constexpr double kUsualRate = 25;

int WaitForEnd(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

// Raw video has no times: the player is told the rate, which it keeps.
double RateOf(const std::vector<Unit>& units, uint32_t timescale) {
  if (units.size() < 2 || timescale == 0) return kUsualRate;
  const int64_t ticks = units.back().dts - units.front().dts;
  if (ticks <= 0) return kUsualRate;
  const double rate =
      static_cast<double>(units.size() - 1) * timescale / static_cast<double>(ticks);
  constexpr double kMost = 240;
  return rate > kMost ? kUsualRate : rate;
}

// The video units of one run from a unit on, with parameter sets where they change.
class Film {
 public:
  Film(Cursor& cursor, const SeekPoint& point) : cursor_(cursor), point_(point) {}

  // nullopt at the end.
  Result<std::optional<Unit>> Next() {
    for (;;) {
      REEL_ASSIGN_OR_RETURN(Item item, cursor_.Next());
      if (item.kind == ItemKind::kDamage) return item.status;
      if (item.kind == ItemKind::kEnd) return std::optional<Unit>();
      if (item.kind == ItemKind::kRunBegin && begun_) return std::optional<Unit>();
      if (item.kind == ItemKind::kTracks) tracks_ = std::move(item.tracks);
      const bool ours = item.kind == ItemKind::kUnit && item.run == point_.run &&
                        !(item.unit.number < point_.unit);
      if (!ours) continue;
      if (!std::exchange(begun_, true)) track_id_ = item.unit.track;
      if (item.unit.track == track_id_) return std::optional<Unit>(std::move(item.unit));
    }
  }

  // Of the unit that came last; null: it is no video.
  const TrackInfo* track() const {
    for (const TrackInfo& info : tracks_) {
      if (info.id == track_id_ && info.kind == TrackKind::kVideo) return &info;
    }
    return nullptr;
  }

 private:
  Cursor& cursor_;
  const SeekPoint& point_;
  std::vector<TrackInfo> tracks_;
  TrackId track_id_;
  bool begun_ = false;
};

}  // namespace

Result<Player> Player::Start(Codec codec, double frames_per_second, const std::string& title) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Status::FromErrno(errno, "a pipe to ffplay");
  const UniqueFd theirs(ends[0]);
  UniqueFd ours(ends[1]);
  std::array<char, 32> rate{};
  std::snprintf(rate.data(), rate.size(), "%.6g", frames_per_second);
  std::vector<std::string> words = {
      "ffplay",        "-loglevel", "error", "-autoexit",
      "-window_title", title,       "-f",    codec == Codec::kH265 ? "hevc" : "h264",
      "-framerate",    rate.data(), "-i",    "pipe:0"};
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  // Its signals are those of any program: Ctrl-C ends it too.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, "ffplay", &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error == ENOENT) {
    return NotFound(
        "there is no ffplay to show it: apt install ffmpeg, or have it written by "
        "--out FILE for another player");
  }
  if (error != 0) return Status::FromErrno(error, "start ffplay");
  std::signal(SIGPIPE, SIG_IGN);
  return Player(pid, std::move(ours));
}

Player::Player(Player&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pipe_(std::move(other.pipe_)) {}

Player::~Player() {
  pipe_ = UniqueFd();
  if (pid_ > 0) WaitForEnd(pid_);
}

Result<bool> Player::Write(ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t moved = write(pipe_.get(), bytes.data(), bytes.size());
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0 && errno == EPIPE) return false;
    if (moved < 0) return Status::FromErrno(errno, "the pipe to ffplay");
    bytes = bytes.subspan(static_cast<size_t>(moved));
  }
  return true;
}

Status Player::Finish() {
  pipe_ = UniqueFd();
  const int status = WaitForEnd(std::exchange(pid_, -1));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OkStatus();
  if (WIFSIGNALED(status)) return Status(Code::kCancelled, "ffplay was ended by a signal");
  return Unavailable("ffplay could not show it (exit " + std::to_string(WEXITSTATUS(status)) +
                     "): is there a display? Else have it written by --out FILE");
}

Status Play(Store& store, const SeekPoint& point, Duration length, const std::string& title) {
  CursorOptions options;
  options.range = {point.begin, point.begin + length};
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor, store.Read(point.stream, options));
  Film film(*cursor, point);
  std::vector<Unit> first;
  while (first.size() < kFirstUnits) {
    REEL_ASSIGN_OR_RETURN(std::optional<Unit> unit, film.Next());
    if (!unit) break;
    if (film.track() == nullptr) return FailedPrecondition("the stream has no video there to play");
    first.push_back(*std::move(unit));
  }
  if (first.empty()) return NotFound("the clean point has gone meanwhile; seek again");
  Bytes config = film.track()->config;
  REEL_ASSIGN_OR_RETURN(
      Player player,
      Player::Start(film.track()->codec, RateOf(first, film.track()->timescale), title));
  const auto put = [&player](ByteSpan stored) -> Result<bool> {
    REEL_ASSIGN_OR_RETURN(const Bytes bytes, ToAnnexB(stored));
    return player.Write(bytes);
  };
  REEL_ASSIGN_OR_RETURN(bool open, put(config));
  for (size_t i = 0; open && i < first.size(); ++i) {
    REEL_ASSIGN_OR_RETURN(open, put(first[i].bytes));
  }
  while (open) {
    REEL_ASSIGN_OR_RETURN(const std::optional<Unit> unit, film.Next());
    if (!unit) break;
    if (film.track() != nullptr && film.track()->config != config) {
      config = film.track()->config;
      REEL_ASSIGN_OR_RETURN(open, put(config));
    }
    if (open) {
      REEL_ASSIGN_OR_RETURN(open, put(unit->bytes));
    }
  }
  return player.Finish();
}

}  // namespace reel
