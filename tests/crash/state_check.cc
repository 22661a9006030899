#include "tests/crash/state_check.h"

#include <algorithm>

#include "tests/faults/synthetic.h"

namespace reel::crash {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kProblemsMax = 12;
constexpr uint64_t kRecordedUnits = 12;
constexpr uint64_t kRecordedSeed = 1'000'000;

}  // namespace

StateCheck::StateCheck(const Generation& before, const State& state, bool keep_log)
    : before_(before),
      state_(state),
      model_(before.model),
      world_(WorldAfter(before, state)),
      index_(IndexAfter(before, state)) {
  world_->keep_log = keep_log;
}

uint64_t StateCheck::Hash() const { return HashOf(*world_); }

void StateCheck::Problem(const std::string& what) {
  if (problems_.size() < kProblemsMax) problems_.push_back(what);
}

bool StateCheck::Expect(const Status& status, const std::string& what) {
  if (!status.ok()) Problem(what + ": " + status.ToString());
  return status.ok();
}

void StateCheck::Run() {
  if (!Open()) return;
  CheckNames();
  if (state_.record_first) Record();
  Expect(store_->WaitIdle(seconds(60)), "wait until idle");
  if (state_.record_last) Record();
  CheckFootage();
  const uint64_t lost = store_->counters().acknowledged_chunks_lost;
  if (lost != 0) Problem("salvage misses " + std::to_string(lost) + " acknowledged chunks");
  if (!state_.verify) return;
  const auto verified =
      store_->Verify([&](const std::string& text) { Problem("verify: " + text); });
  Expect(verified.status(), "verify");
}

bool StateCheck::Open() {
  auto opened = world_->Open(*index_);
  if (!Expect(opened.status(), "open")) return false;
  store_ = std::move(*opened);
  return true;
}

void StateCheck::CheckNames() {
  for (const ModelStream& stream : model_.streams) {
    const Result<StreamInfo> found = store_->FindStream(stream.name);
    const bool must = stream.acked_at <= state_.instant;
    if (!found.ok() && must) Problem("no stream " + stream.name);
    if (found.ok() && stream.there_from > state_.instant) {
      Problem("stream " + stream.name + " was never asked for");
    }
    if (found.ok() && must && found->id != stream.id) Problem(stream.name + " is another stream");
    ids_.push_back(found.ok() ? found->id : StreamId{});
  }
  for (const StreamInfo& info : store_->Streams()) {
    if (std::find(ids_.begin(), ids_.end(), info.id) == ids_.end()) {
      Problem("a stream of an unknown name: " + info.name);
    }
  }
}

// Recording works at once, whatever the crash left.
void StateCheck::Record() {
  for (size_t i = 0; i < ids_.size(); ++i) {
    if (!ids_[i].is_nil() && model_.streams[i].acked_at <= state_.instant) recorded_stream_ = i;
  }
  StreamId id;
  if (recorded_stream_ != SIZE_MAX) {
    id = ids_[recorded_stream_];
  } else {
    const Result<StreamInfo> made = store_->CreateStream("new");
    if (!Expect(made.status(), "create a stream at once")) return;
    id = made->id;
  }
  RunOptions options;
  options.tracks = SyntheticTracks();
  auto writer = store_->BeginRun(id, options);
  if (!Expect(writer.status(), "begin a run at once")) return;
  recorded_.id = (*writer)->run();
  SyntheticSource source(kRecordedSeed, world_->clock().WallNow(), before_.plan.clean_bytes);
  for (uint64_t n = 0; n < kRecordedUnits; ++n) {
    const UnitView unit = source.Make(n);
    if (!Expect((*writer)->Append({n}, unit, AppendMode::kBulk), "append at once")) return;
    ModelUnit& made = recorded_.units.emplace_back();
    made.bytes = std::make_shared<const Bytes>(unit.bytes.begin(), unit.bytes.end());
    made.flags = unit.flags;
    made.pts = unit.pts;
    made.wall = unit.wall;
    world_->clock().Advance(milliseconds(15));
    store_->RunOnce(milliseconds(1));
  }
  (*writer)->Flush();
  Expect((*writer)->WaitDurable({kRecordedUnits}, seconds(10)), "recording at once");
}

void StateCheck::CheckFootage() {
  for (size_t stream = 0; stream < model_.streams.size(); ++stream) {
    if (ids_[stream].is_nil() || ids_[stream] != model_.streams[stream].id) continue;
    FootageCheck check(model_, state_.instant);
    check.Allow(&recorded_);
    check.Read(*store_, stream);
    for (const std::string& problem : check.problems()) Problem(problem);
    CheckMissing(check, stream);
    if (recorded_stream_ == stream) CheckRecorded(check);
    if (!state_.backwards) continue;
    FootageCheck back(model_, state_.instant);
    back.Allow(&recorded_);
    back.Read(*store_, stream, CursorMode::kReverse);
    for (const std::string& problem : back.problems()) Problem("backwards: " + problem);
    for (size_t run = 0; run < model_.runs.size(); ++run) {
      for (uint64_t n = 0; n < model_.runs[run].units.size(); ++n) {
        if (check.Given(run, n) == back.Given(run, n)) continue;
        Problem("run " + std::to_string(run) + " unit " + std::to_string(n) +
                " is not given forward and backwards alike");
      }
    }
  }
  CheckGaps();
}

void StateCheck::CheckRecorded(const FootageCheck& check) {
  for (uint64_t n = 0; n < recorded_.units.size(); ++n) {
    if (check.ExtraGiven(n) || MayBeGone(recorded_.id, n)) continue;
    Problem("unit " + std::to_string(n) + " recorded at once is missing\n" +
            LivesAfter().Whereabouts(recorded_.id, n));
  }
}

void StateCheck::CheckMissing(const FootageCheck& check, size_t stream) {
  for (size_t run = 0; run < model_.runs.size(); ++run) {
    const ModelRun& known = model_.runs[run];
    if (known.stream != stream) continue;
    for (uint64_t n = 0; n < known.units.size(); ++n) {
      if (check.Given(run, n)) {
        if (before_.lives->MustBeGone(known.id, n, state_.cut)) {
          Problem("run " + std::to_string(run) + " unit " + std::to_string(n) +
                  " has been recycled and is back");
        }
        continue;
      }
      if (!known.units[n].MustBeThere(state_.instant) || MayBeGone(known.id, n)) continue;
      Problem("run " + std::to_string(run) + " unit " + std::to_string(n) +
              " was acknowledged and is missing\n" + before_.lives->Whereabouts(known.id, n));
    }
  }
}

bool StateCheck::MayBeGone(const RunId& run, uint64_t unit) {
  if (before_.lives->MayBeGone(run, unit, state_.cut)) return true;
  return LivesAfter().MayBeGone(run, unit, world_->CutAt(world_->now()));
}

const Lives& StateCheck::LivesAfter() {
  if (lives_ == nullptr) {
    const std::unique_ptr<SimWorld> same = WorldAfter(before_, state_);
    lives_ = std::make_unique<Lives>(*same);
    lives_->ReadOn(*world_);
  }
  return *lives_;
}

// A gap goes with the footage around it, so it is asked for as long as there is some that began no
// later and was there before it; and where there never was any.
bool StateCheck::MustBeKnown(const ModelGap& gap, size_t stream) {
  bool any = false;
  for (const ModelRun& run : model_.runs) {
    if (run.stream != stream) continue;
    for (uint64_t n = 0; n < run.units.size(); ++n) {
      const ModelUnit& unit = run.units[n];
      any |= unit.bytes != nullptr;
      const bool older = unit.MustBeThere(state_.instant) && !unit.gone &&
                         unit.acked_order < gap.order && unit.wall <= gap.row.end;
      if (older && !MayBeGone(run.id, n)) return true;
    }
  }
  return !any;
}

void StateCheck::CheckGaps() {
  for (const ModelGap& gap : model_.gaps) {
    if (gap.acked_at > state_.instant) continue;
    const auto id = std::find(ids_.begin(), ids_.end(), gap.row.stream);
    if (id == ids_.end()) continue;
    const auto rows = index_->Gaps(gap.row.stream, {kWallMin, kWallMax}, 1U << 16);
    if (std::find(rows->begin(), rows->end(), gap.row) != rows->end()) continue;
    if (!MustBeKnown(gap, static_cast<size_t>(id - ids_.begin()))) continue;
    Problem("an acknowledged gap is missing, from " + FormatWall(gap.row.begin));
  }
}

}  // namespace reel::crash
