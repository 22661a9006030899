#include "server/ingest/pre_buffer.h"

namespace reel::server {

ReceivedUnit PreBuffer::Held::View() const {
  ReceivedUnit view = unit;
  view.bytes = bytes;
  view.track_change = track_change ? &*track_change : nullptr;
  return view;
}

void PreBuffer::Connect(const std::vector<TrackInfo>& tracks) {
  tracks_ = tracks;
  units_.clear();
  clean_.clear();
  bytes_ = 0;
}

void PreBuffer::Add(const ReceivedUnit& unit, MonoTime mono, WallTime wall) {
  Held held{unit, Bytes(unit.bytes.begin(), unit.bytes.end()), std::nullopt, mono, wall};
  if (unit.track_change != nullptr) held.track_change = *unit.track_change;
  bytes_ += held.bytes.size();
  if ((unit.flags & kUnitClean) != 0) clean_.push_back(mono);
  units_.push_back(std::move(held));
  while (clean_.size() > 1 && mono - clean_[1] >= length_) DropUntilClean();
  while (bytes_ > kMaxBytes && units_.size() > 1) DropUntilClean();
}

void PreBuffer::DropFirst() {
  const Held& first = units_.front();
  if (first.track_change) tracks_[first.unit.track.value] = *first.track_change;
  if ((first.unit.flags & kUnitClean) != 0) clean_.pop_front();
  bytes_ -= first.bytes.size();
  units_.pop_front();
}

void PreBuffer::DropUntilClean() {
  do {
    DropFirst();
  } while (!units_.empty() && (units_.front().unit.flags & kUnitClean) == 0);
}

}  // namespace reel::server
