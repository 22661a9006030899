#include "tests/av/test_node.h"

#include <gtest/gtest.h>

#include <fstream>

namespace reel::av_testing {
namespace {

WorldOptions RoomForAnyFile() {
  WorldOptions options;
  options.segment_bytes = 32U << 20;
  options.segments = 12;
  options.buffer_bytes = 128U << 20;
  options.stream_buffer_bytes = 64U << 20;
  return options;
}

}  // namespace

TestNode::TestNode() : world_(RoomForAnyFile()) {
  EXPECT_TRUE(world_.Init().ok());
  auto opened = world_.Open(index_);
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
  store_ = std::move(*opened);
  const auto created = store_->CreateStream("camera");
  EXPECT_TRUE(created.ok());
  stream_ = created->id;
}

Status TestNode::BeginRun(const std::vector<TrackInfo>& tracks) {
  RunOptions options;
  options.tracks = tracks;
  REEL_ASSIGN_OR_RETURN(run_, store_->BeginRun(stream_, options));
  next_ = {0};
  return OkStatus();
}

Status TestNode::Append(const UnitView& unit) {
  REEL_RETURN_IF_ERROR(run_->Append(next_, unit, AppendMode::kBulk));
  next_ = {next_.value + 1};
  world_.clock().Advance(std::chrono::milliseconds(20));
  store_->RunOnce(std::chrono::milliseconds(1));
  return OkStatus();
}

Status TestNode::EndRun() {
  REEL_RETURN_IF_ERROR(run_->End(EndCause::kEnded));
  run_.reset();
  return store_->WaitIdle(std::chrono::minutes(10));
}

Result<std::vector<std::unique_ptr<VirtualMp4>>> TestNode::Open(ExportOptions options) {
  if (options.range.empty()) options.range = {kWallMin, kWallMax};
  return store_->OpenExport(stream_, options);
}

Status TestNode::Write(const std::string& path, const ExportOptions& options) {
  REEL_ASSIGN_OR_RETURN(const auto files, Open(options));
  VirtualMp4& file = *files.front();
  std::ofstream out(path, std::ios::binary);
  Bytes buffer(1U << 20);
  for (uint64_t at = 0; at < file.size_bytes();) {
    REEL_ASSIGN_OR_RETURN(const size_t got, file.Read(at, buffer));
    out.write(reinterpret_cast<const char*>(buffer.data()), static_cast<std::streamsize>(got));
    at += got;
  }
  return out.good() ? OkStatus() : Unavailable("cannot write " + path);
}

}  // namespace reel::av_testing
