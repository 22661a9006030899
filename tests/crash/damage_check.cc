#include "tests/crash/damage_check.h"

#include <algorithm>

namespace reel::crash {
namespace {

using std::chrono::seconds;

constexpr size_t kProblemsMax = 12;

}  // namespace

DamageCheck::DamageCheck(const Generation& before, const State& state, bool settled)
    : before_(before),
      state_(state),
      model_(before.model),
      settled_(settled),
      world_(WorldAfter(before, state)),
      index_(IndexAfter(before, state)),
      lives_(std::make_unique<Lives>(*world_)) {
  Rng rng(state.tear_seed ^ 0xDA3A6E);
  damage_ = DoDamage(*world_, *lives_, rng);
}

uint64_t DamageCheck::Hash() const { return HashOf(*world_); }

std::string DamageCheck::Text() const {
  std::string text = damage_ ? damage_->text + "\n" : "nothing to damage\n";
  text += "what the store said\n";
  for (const std::string& line : world_->log) text += "  " + line + "\n";
  return text;
}

void DamageCheck::Problem(const std::string& what) {
  if (problems_.size() < kProblemsMax) problems_.push_back(what);
}

void DamageCheck::Run() {
  if (!damage_) return;
  // Journals begin anew with the damage done.
  auto opened = world_->Open(*index_);
  if (!opened.ok()) return Problem("open: " + opened.status().ToString());
  Store& store = **opened;
  if (const Status idle = store.WaitIdle(seconds(60)); !idle.ok()) {
    Problem("wait until idle: " + idle.ToString());
  }
  const auto verified = store.Verify([&](const std::string&) { told_ = true; });
  if (!verified.ok()) told_ = true;
  lives_->ReadOn(*world_);
  for (size_t stream = 0; stream < model_.streams.size(); ++stream) {
    if (model_.streams[stream].acked_at <= state_.instant) CheckStream(store, stream);
  }
  if (!damage_->harmless) return;
  if (told_) Problem("verify tells of damage where there is none");
  for (const std::string& line : world_->log) {
    if (line.find("damaged") != std::string::npos) Problem("told of damage: " + line);
  }
}

void DamageCheck::CheckStream(Store& store, size_t stream) {
  if (!store.FindStream(model_.streams[stream].name).ok()) {
    // Its name may have stood in the ledger's chunk that was hit.
    if (damage_->harmless) Problem("no stream " + model_.streams[stream].name);
    return;
  }
  FootageCheck check(model_, state_.instant);
  check.ExpectDamage();
  check.Read(store, stream);
  for (const std::string& problem : check.problems()) Problem(problem);
  if (check.damaged() != 0 && !IsHit(stream)) {
    Problem(model_.streams[stream].name + " tells of damage and has none");
  }
  const Cut now = world_->CutAt(world_->now());
  bool missing = false;
  for (size_t run = 0; run < model_.runs.size(); ++run) {
    const ModelRun& known = model_.runs[run];
    if (known.stream != stream) continue;
    for (uint64_t n = 0; n < known.units.size(); ++n) {
      const bool must = known.units[n].MustBeThere(state_.instant) && !check.Given(run, n);
      if (!must || before_.lives->MayBeGone(known.id, n, state_.cut)) continue;
      if (lives_->MayBeGone(known.id, n, now)) continue;
      missing = true;
      if (IsHit(known.id, n)) continue;
      Problem("run " + std::to_string(run) + " unit " + std::to_string(n) +
              " is sound and missing\n" + lives_->Whereabouts(known.id, n));
    }
  }
  if (missing && settled_ && (check.damaged() == 0 || !told_)) {
    Problem(model_.streams[stream].name + " misses units and nobody is told");
  }
}

bool DamageCheck::IsHit(const RunId& run, uint64_t unit) const {
  const auto copies = lives_->copies().find(run);
  if (copies == lives_->copies().end()) return false;
  return std::any_of(copies->second.begin(), copies->second.end(), [&](const Lives::Copy& copy) {
    return copy.first_unit <= unit && unit < copy.end_unit &&
           damage_->Hits(lives_->lives()[copy.life], copy);
  });
}

bool DamageCheck::IsHit(size_t stream) const {
  return std::any_of(model_.runs.begin(), model_.runs.end(), [&](const ModelRun& run) {
    if (run.stream != stream) return false;
    for (uint64_t n = 0; n < run.units.size(); ++n) {
      if (IsHit(run.id, n)) return true;
    }
    return false;
  });
}

}  // namespace reel::crash
