// TwoNetworks: a network of a camera and one of the recorder, joined by a cable that can be cut and
// narrowed. Both are namespaces of the kernel: nothing of it is seen outside of this process.
//
// While it lives, the thread that made it is in the recorder's network, and so is everything that
// it starts. Thread rule: that thread alone.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/io/unique_fd.h"
#include "tests/ingest/unruly_cable.h"

namespace reel::server {

class TwoNetworks {
 public:
  static constexpr const char* kCamera = "10.77.0.2";

  // nullptr where this user or kernel may not make networks, or `ip` is not there.
  static std::unique_ptr<TwoNetworks> Make();
  // The same, joined by an UnrulyCable, which can be neither cut nor narrowed.
  static std::unique_ptr<TwoNetworks> MakeUnruly();
  ~TwoNetworks();
  TwoNetworks(const TwoNetworks&) = delete;
  TwoNetworks& operator=(const TwoNetworks&) = delete;

  void InCameras(const std::function<void()>& task) const;
  // The cable, at the camera's end.
  void Cut() const;
  void Join() const;
  // What the camera sends goes at this rate; of what waits for it, more than `queue_bytes` is
  // dropped. False: this kernel or its tools cannot.
  bool Narrow(uint32_t kbit_per_second, uint32_t queue_bytes) const;
  // REQUIRES: of MakeUnruly().
  UnrulyCable& cable() const { return *cable_; }

 private:
  TwoNetworks(UniqueFd outside, UniqueFd cameras, UniqueFd recorders)
      : outside_(std::move(outside)),
        cameras_(std::move(cameras)),
        recorders_(std::move(recorders)) {}

  // In no network yet that is joined; nullptr as Make().
  static std::unique_ptr<TwoNetworks> MakeApart();
  bool JoinByVeth();
  bool JoinByCable();
  // This thread's end is up, and so is the camera's.
  bool SetUpEnds() const;

  UniqueFd outside_;
  UniqueFd cameras_;
  UniqueFd recorders_;
  std::unique_ptr<UnrulyCable> cable_;
};

}  // namespace reel::server
