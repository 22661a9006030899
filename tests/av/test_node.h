// A simulated node with one stream, to record what a file held and export it again.
//
// Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reel/export.h"
#include "tests/sim/sim_world.h"

namespace reel::av_testing {

class TestNode {
 public:
  TestNode();

  Status BeginRun(const std::vector<TrackInfo>& tracks);
  Status SetTracks(const std::vector<TrackInfo>& tracks) { return run_->SetTracks(tracks); }
  Status Append(const UnitView& unit);
  // All of it is indexed on return.
  Status EndRun();

  // Everything that was recorded, unless `options` have a range.
  Result<std::vector<std::unique_ptr<VirtualMp4>>> Open(ExportOptions options = {});
  // As one file.
  Status Write(const std::string& path, const ExportOptions& options = {});

 private:
  SimWorld world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  StreamId stream_;
  std::unique_ptr<RunWriter> run_;
  UnitNumber next_;
};

}  // namespace reel::av_testing
