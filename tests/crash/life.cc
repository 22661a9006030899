#include "tests/crash/life.h"

#include <algorithm>

#include "tests/crash/footage_check.h"

namespace reel::crash {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kProblemsMax = 12;

}  // namespace

Life::Life(Generation* generation)
    : generation_(*generation),
      plan_(generation->plan),
      model_(generation->model),
      rng_(Rng(generation->seed * 64 + generation->number).Next() ^ 1) {}

void Life::Say(const std::string& what) {
  generation_.story.push_back("[" + std::to_string(now()) + "] " + what);
}

void Life::Problem(const std::string& what) {
  Say("PROBLEM: " + what);
  if (problems_.size() < kProblemsMax) problems_.push_back(what);
}

bool Life::Expect(const Status& status, const std::string& what) {
  if (status.ok()) return true;
  if (troubled_) {
    Say(what + ": " + status.ToString());
  } else {
    Problem(what + ": " + status.ToString());
  }
  return false;
}

void Life::Run(Ending ending) {
  if (!Open()) return;
  for (size_t op = 0; op < plan_.ops && problems_.empty(); ++op) {
    if (!Operate()) return;
    NoteDurable();
  }
  if (ending == Ending::kClosed) Close();
  Kill();
  generation_.lives->ReadOn(*generation_.world);
}

bool Life::Open() {
  auto opened = generation_.world->Open(*generation_.index);
  if (!opened.ok()) {
    Problem("open: " + opened.status().ToString());
    return false;
  }
  store_ = std::move(*opened);
  troubled_ = false;
  Say("opened");
  for (ModelStream& stream : model_.streams) {
    const Result<StreamInfo> found = store_->FindStream(stream.name);
    if (!found.ok()) {
      if (stream.acked_at != kNever) Problem("no stream " + stream.name);
      continue;
    }
    stream.id = found->id;
    stream.there_from = std::min(stream.there_from, now());
    stream.acked_at = std::min(stream.acked_at, now());
  }
  return true;
}

void Life::Close() {
  const Status closed = store_->Close();
  Say("closed: " + closed.ToString());
  if (Expect(closed, "close")) {
    for (Producer& producer : producers_) Settle(&producer, kNever);
  }
  Kill();
}

void Life::Kill() {
  producers_.clear();
  store_.reset();
  EndFaults();
}

bool Life::Operate() {
  if (faults_armed_ && rng_.Chance(1, 4)) EndFaults();
  if (rng_.Below(100) < plan_.fault_percent) ArmFault();
  if (rng_.Below(100) < plan_.close_percent || (troubled_ && rng_.Chance(1, 12))) {
    EndFaults();
    // A process that dies after a failed sync leaves bytes that are read and will never be durable,
    // and nobody who knows: the one thing a restart cannot tell. Closing settles them.
    if (troubled_ || rng_.Chance(2, 3)) {
      Close();
    } else {
      Say("killed");
      Kill();
    }
    return Open();
  }
  const uint64_t what = rng_.Below(100);
  if (what < 50) {
    Append();
  } else if (what < 62) {
    Step(1 + rng_.Below(20));
  } else if (what < 70) {
    WaitDurable();
  } else if (what < 74) {
    SendAgain();
  } else if (what < 79) {
    EndRun();
  } else if (what < 84) {
    ResumeRun();
  } else if (what < 88) {
    BeginRun();
  } else if (what < 91) {
    CreateStream();
  } else if (what < 94) {
    RecordGap();
  } else if (what < 97) {
    Look();
  } else {
    ReadAll();
  }
  return store_ != nullptr;
}

Life::Producer* Life::AnyProducer() {
  if (producers_.empty()) BeginRun();
  if (producers_.empty()) return nullptr;
  return &*std::next(producers_.begin(), static_cast<ptrdiff_t>(rng_.Below(producers_.size())));
}

size_t Life::AnyStream() {
  std::vector<size_t> known;
  for (size_t i = 0; i < model_.streams.size(); ++i) {
    if (model_.streams[i].acked_at != kNever) known.push_back(i);
  }
  return known.empty() ? SIZE_MAX : known[rng_.Below(known.size())];
}

bool Life::IsWritten(size_t run) const {
  return std::any_of(producers_.begin(), producers_.end(),
                     [run](const Producer& producer) { return producer.run == run; });
}

void Life::CreateStream() {
  size_t i = 0;
  while (i < model_.streams.size() && model_.streams[i].acked_at != kNever) ++i;
  if (i >= plan_.streams_max) return;
  if (i == model_.streams.size()) {
    model_.streams.emplace_back();
    model_.streams[i].name = "camera" + std::to_string(i);
  }
  model_.streams[i].there_from = std::min(model_.streams[i].there_from, now() + 1);
  const Result<StreamInfo> made = store_->CreateStream(model_.streams[i].name);
  Say("create " + model_.streams[i].name + ": " + made.status().ToString());
  if (!Expect(made.status(), "create")) return;
  model_.streams[i].id = made->id;
  model_.streams[i].acked_at = now();
}

void Life::BeginRun() {
  size_t stream = AnyStream();
  if (stream == SIZE_MAX) {
    CreateStream();
    stream = AnyStream();
  }
  if (stream == SIZE_MAX || producers_.size() > plan_.streams_max) return;
  RunOptions options;
  options.tracks = SyntheticTracks();
  auto writer = store_->BeginRun(model_.streams[stream].id, options);
  if (!Expect(writer.status(), "begin a run")) return;
  const uint64_t seed = model_.runs.size() + 1;
  const SyntheticSource source(seed, generation_.world->clock().WallNow(), plan_.clean_bytes);
  const size_t run =
      model_.AddRun((*writer)->run(), stream, seed, generation_.world->clock().WallNow());
  Say("run " + std::to_string(run) + " begins in " + model_.streams[stream].name);
  producers_.push_back({run, std::move(*writer), source, 0, {}, {}, 0});
}

void Life::ResumeRun() {
  if (model_.runs.empty()) return;
  const size_t run = rng_.Below(model_.runs.size());
  const ModelRun& known = model_.runs[run];
  if (IsWritten(run) || model_.streams[known.stream].acked_at == kNever) return;
  RunOptions options;
  options.tracks = SyntheticTracks();
  options.resume = known.id;
  auto writer = store_->BeginRun(model_.streams[known.stream].id, options);
  if (writer.status().code() == Code::kAlreadyExists) return;  // it is ending
  if (!Expect(writer.status(), "resume a run")) return;
  const uint64_t back = rng_.Below(15);
  const uint64_t next = known.units.size() - std::min<uint64_t>(back, known.units.size());
  Say("run " + std::to_string(run) + " goes on at unit " + std::to_string(next));
  const SyntheticSource source(known.seed, known.begin, plan_.clean_bytes);
  producers_.push_back({run, std::move(*writer), source, next, {}, {}, 0});
}

void Life::EndRun() {
  if (producers_.empty()) return;
  const auto at =
      std::next(producers_.begin(), static_cast<ptrdiff_t>(rng_.Below(producers_.size())));
  const Producer& producer = *at;
  if (rng_.Chance(1, 2)) {
    Say("run " + std::to_string(producer.run) + " ends");
    Expect(producer.writer->End(EndCause::kSourceLost), "end");
  } else {
    Say("run " + std::to_string(producer.run) + " is let go");
  }
  producers_.erase(at);
}

// Sent before, and recycled since.
bool Life::HasMadeRoom(size_t run, uint64_t number) {
  const ModelRun& known = model_.runs[run];
  if (number >= known.units.size() || known.units[number].bytes == nullptr) return false;
  generation_.lives->ReadOn(*generation_.world);
  return known.units[number].gone ||
         generation_.lives->MayBeGone(known.id, number, generation_.world->CutAt(now()));
}

bool Life::AppendOne(Producer* producer, uint64_t number, AppendMode mode) {
  // Nobody sends again what was acknowledged so long ago.
  if (HasMadeRoom(producer->run, number)) return true;
  const UnitView unit = producer->source.Make(number);
  const Status taken = producer->writer->Append({number}, unit, mode);
  if (taken.ok()) {
    model_.Accept(producer->run, number, unit, now());
    producer->not_told.push_back(number);
    return true;
  }
  if (taken.code() == Code::kResourceExhausted && mode == AppendMode::kLive) return true;  // shed
  Expect(taken, "append");
  return false;
}

void Life::Append() {
  Producer* producer = AnyProducer();
  if (producer == nullptr) return;
  const uint64_t count = 1 + rng_.Below(15);
  const AppendMode mode = rng_.Chance(3, 5) ? AppendMode::kLive : AppendMode::kBulk;
  Say("run " + std::to_string(producer->run) + " gets units from " +
      std::to_string(producer->next) + ", " + std::to_string(count));
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t number = producer->next++;
    if (rng_.Below(100) < plan_.skip_percent) {
      producer->late.push_back(number);
      continue;
    }
    if (!AppendOne(producer, number, mode)) return;
    if (rng_.Chance(1, 3)) Step(1);
  }
  if (!producer->late.empty() && rng_.Chance(1, 2)) {
    const uint64_t number = producer->late.back();
    producer->late.pop_back();
    Say("unit " + std::to_string(number) + " comes late");
    AppendOne(producer, number, mode);
  }
  if (rng_.Chance(1, 4)) producer->writer->Flush();
}

void Life::SendAgain() {
  Producer* producer = AnyProducer();
  if (producer == nullptr || producer->next == 0) return;
  const uint64_t first = rng_.Below(producer->next);
  Say("run " + std::to_string(producer->run) + " gets units from " + std::to_string(first) +
      " again");
  for (uint64_t n = first; n < std::min(first + 8, producer->next); ++n) {
    if (!AppendOne(producer, n, AppendMode::kBulk)) return;
  }
}

void Life::WaitDurable() {
  Producer* producer = AnyProducer();
  if (producer == nullptr) return;
  producer->writer->Flush();
  const Status durable = producer->writer->WaitDurable({producer->next}, seconds(10));
  Say("run " + std::to_string(producer->run) + " durable below " + std::to_string(producer->next) +
      ": " + durable.ToString());
  if (Expect(durable, "wait until durable")) Settle(producer, producer->next);
}

void Life::Settle(Producer* producer, uint64_t end) {
  std::erase_if(producer->not_told, [&](uint64_t number) {
    if (number >= end) return false;
    model_.Acknowledge(producer->run, number, now());
    return true;
  });
}

void Life::NoteDurable() {
  for (Producer& producer : producers_) {
    const uint64_t durable = producer.writer->watermarks().durable.value;
    for (uint64_t n = producer.durable_told; n < durable; ++n) {
      if (!model_.Acknowledge(producer.run, n, now())) {
        Problem("unit " + std::to_string(n) + " is called durable and never came");
      }
    }
    producer.durable_told = std::max(producer.durable_told, durable);
    std::erase_if(producer.not_told, [&](uint64_t number) { return number < durable; });
  }
}

void Life::RecordGap() {
  const size_t stream = AnyStream();
  if (stream == SIZE_MAX) return;
  GapRow gap;
  gap.stream = model_.streams[stream].id;
  gap.begin = generation_.world->clock().WallNow() + Duration(model_.gaps.size());
  gap.end = gap.begin + milliseconds(rng_.Below(2000));
  gap.cause = GapCause::kSourceLost;
  model_.AddGap(gap, now());
  const Status recorded = store_->RecordGap(gap);
  Say("gap in " + model_.streams[stream].name + ": " + recorded.ToString());
  if (Expect(recorded, "record a gap")) model_.gaps.back().acked_at = now();
}

// A reader while things go on: nothing wrong, and what it was given as durable stays.
void Life::Look() {
  const size_t stream = AnyStream();
  if (stream == SIZE_MAX) return;
  FootageCheck check(model_, now() + 1);
  check.Read(*store_, stream);
  for (const std::string& problem : check.problems()) Problem("while running: " + problem);
  for (size_t run = 0; run < model_.runs.size(); ++run) {
    for (uint64_t n = 0; n < model_.runs[run].units.size(); ++n) {
      if (check.GivenAsDurable(run, n)) model_.Acknowledge(run, n, now());
    }
  }
  Say("read " + model_.streams[stream].name);
}

// A reader once all is quiet: nothing is missing either.
void Life::ReadAll() {
  if (troubled_) return Look();
  if (!Expect(store_->WaitIdle(seconds(60)), "wait until idle")) return;
  NoteDurable();
  generation_.lives->ReadOn(*generation_.world);
  const Cut cut = generation_.world->CutAt(now());
  for (size_t stream = 0; stream < model_.streams.size(); ++stream) {
    if (model_.streams[stream].acked_at == kNever) continue;
    FootageCheck check(model_, now() + 1);
    check.Read(*store_, stream);
    for (const std::string& problem : check.problems()) Problem("idle: " + problem);
    for (size_t run = 0; run < model_.runs.size(); ++run) {
      if (model_.runs[run].stream != stream) continue;
      for (uint64_t n = 0; n < model_.runs[run].units.size(); ++n) {
        const ModelUnit& unit = model_.runs[run].units[n];
        if (check.GivenAsDurable(run, n)) model_.Acknowledge(run, n, now());
        if (unit.acked_at == kNever || check.Given(run, n)) continue;
        if (generation_.lives->MayBeGone(model_.runs[run].id, n, cut)) continue;
        Problem("idle: run " + std::to_string(run) + " unit " + std::to_string(n) +
                " is not read\n" + generation_.lives->Whereabouts(model_.runs[run].id, n));
      }
    }
  }
  Say("read everything");
}

void Life::Step(uint64_t turns) {
  for (uint64_t i = 0; i < turns; ++i) {
    generation_.world->clock().Advance(milliseconds(rng_.Below(25)));
    store_->RunOnce(milliseconds(1));
  }
}

}  // namespace reel::crash
