// What a source says of itself.
#include <algorithm>
#include <cmath>

#include "server/ingest/source.h"

namespace reel::server {
namespace {

constexpr Duration kRatesOver = std::chrono::seconds(2);
constexpr Duration kLate = std::chrono::seconds(2);
constexpr Duration kClockOff = std::chrono::seconds(5);
constexpr double kDriftPpm = 100;
constexpr Duration kFlapsWithin = std::chrono::minutes(5);
constexpr size_t kFlaps = 3;

std::string Seconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

std::string_view NameOf(TroubleKind kind) {
  switch (kind) {
    case TroubleKind::kNone:
      return "none";
    case TroubleKind::kLost:
      return "lost";
    case TroubleKind::kStore:
      return "store";
    case TroubleKind::kSilent:
      return "silent";
    case TroubleKind::kFloods:
      return "floods";
    case TroubleKind::kFlapping:
      return "flapping";
    case TroubleKind::kLate:
      return "late";
    case TroubleKind::kClock:
      return "clock";
  }
  return "unknown";
}

SourceStatus Source::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::string Source::ClockTrouble() const {
  if (link_ == nullptr || !link_->clock_offset()) return "";
  const Duration offset = *link_->clock_offset();
  if (offset > kClockOff) return "its clock is " + Seconds(offset) + " ahead";
  if (offset < -kClockOff) return "its clock is " + Seconds(-offset) + " behind";
  const std::optional<double> drift = link_->clock_drift_ppm();
  if (!drift || std::abs(*drift) <= kDriftPpm) return "";
  return "its clock is drifting by " + std::to_string(static_cast<int>(*drift)) + " ppm";
}

// The worst first.
Source::Trouble Source::WhatIsWrong() const {
  if (state_ == SourceState::kOff) return {};
  if (state_ == SourceState::kWaiting) return {TroubleKind::kLost, why_};
  if (!recorder_.trouble().empty()) return {TroubleKind::kStore, recorder_.trouble()};
  if (link_ != nullptr && link_->playing()) {
    const Duration silent = mono_ - last_data_.value_or(step_began_);
    if (silent >= SilenceNamed()) return {TroubleKind::kSilent, "silent for " + Seconds(silent)};
  }
  if (floods_) return {TroubleKind::kFloods, "sends more than is recorded of one source"};
  if (recent_losses_.size() >= kFlaps) {
    return {TroubleKind::kFlapping,
            "flapping: lost " + std::to_string(recent_losses_.size()) + " times in 5 minutes"};
  }
  if (recorder_.lateness() > kLate) {
    return {TroubleKind::kLate, "late by " + Seconds(recorder_.lateness())};
  }
  if (std::string clock = ClockTrouble(); !clock.empty()) {
    return {TroubleKind::kClock, std::move(clock)};
  }
  if (state_ == SourceState::kConnecting && !why_.empty()) return {TroubleKind::kLost, why_};
  return {};
}

void Source::Publish() {
  while (!recent_losses_.empty() && mono_ - recent_losses_.front() > kFlapsWithin) {
    recent_losses_.pop_front();
  }
  std::unique_lock lock(mutex_);
  Trouble trouble = WhatIsWrong();
  const bool changed = status_.state != state_ || status_.trouble != trouble.text;
  status_.state = state_;
  status_.trouble = std::move(trouble.text);
  status_.trouble_kind = trouble.kind;
  status_.recording_since = recorder_.recording_since();
  status_.last_unit = last_unit_;
  status_.last_clean_point = recorder_.last_clean_point();
  status_.units = received_.units;
  status_.bytes = received_.bytes;
  status_.packets_lost = lost_before_ + (link_ != nullptr ? link_->packets_lost() : 0);
  status_.reconnects = reconnects_;
  status_.clock_offset = Duration{0};
  if (link_ != nullptr) status_.clock_offset = link_->clock_offset().value_or(Duration{0});
  const Duration since = mono_ - rates_at_;
  if (since >= kRatesOver) {
    const double seconds = std::chrono::duration<double>(since).count();
    status_.bits_per_second = static_cast<double>(received_.bytes - rate_bytes_) * 8 / seconds;
    status_.frames_per_second = static_cast<double>(received_.pictures - rate_pictures_) / seconds;
    rates_at_ = mono_;
    rate_bytes_ = received_.bytes;
    rate_pictures_ = received_.pictures;
  }
  if (!changed || !shared_.on_change) return;
  const SourceStatus status = status_;
  lock.unlock();
  shared_.on_change(status);
}

}  // namespace reel::server
