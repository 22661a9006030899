#include "index/caught_index.h"

#include <utility>

#include "engine/base/edge.h"

namespace reel {
namespace {

template <class Call>
auto Caught(RocksIndexImpl& impl, Call call) noexcept -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& exception) {
    impl.LeaveOpen();
    return StatusOfException(exception);
  }
}

class CaughtIndex final : public RocksIndex {
 public:
  explicit CaughtIndex(std::unique_ptr<RocksIndexImpl> impl) : impl_(std::move(impl)) {}

  Status Write(const IndexBatch& batch) override {
    return AtEdgeOrDie("Index::Write", [&] { return impl_->Write(batch); });
  }
  Status Sync() override {
    return AtEdgeOrDie("Index::Sync", [&] { return impl_->Sync(); });
  }
  Result<std::vector<GopRow>> Gops(StreamId stream, WallTime from, Direction direction,
                                   size_t limit) override {
    return Caught(*impl_, [&] { return impl_->Gops(stream, from, direction, limit); });
  }
  Result<std::vector<RunRow>> Runs(StreamId stream, WallRange range, size_t limit) override {
    return Caught(*impl_, [&] { return impl_->Runs(stream, range, limit); });
  }
  Result<std::vector<GapRow>> Gaps(StreamId stream, WallRange range, size_t limit) override {
    return Caught(*impl_, [&] { return impl_->Gaps(stream, range, limit); });
  }
  Result<std::vector<CoverageRow>> Coverage(StreamId stream, WallRange range,
                                            Bucket bucket) override {
    return Caught(*impl_, [&] { return impl_->Coverage(stream, range, bucket); });
  }
  Result<std::vector<StreamRow>> Streams() override {
    return Caught(*impl_, [&] { return impl_->Streams(); });
  }
  Result<std::vector<SegmentRow>> Segments(VolumeNo volume) override {
    return Caught(*impl_, [&] { return impl_->Segments(volume); });
  }
  Result<std::optional<VolumeProgress>> Progress(VolumeNo volume) override {
    return Caught(*impl_, [&] { return impl_->Progress(volume); });
  }
  Status Verify() override {
    return Caught(*impl_, [&] { return impl_->Verify(); });
  }
  Status Compact() override {
    return AtEdgeOrDie("RocksIndex::Compact", [&] { return impl_->Compact(); });
  }

 private:
  std::unique_ptr<RocksIndexImpl> impl_;
};

}  // namespace

Result<std::unique_ptr<RocksIndex>> OpenCaught(std::unique_ptr<RocksIndexImpl> impl,
                                               const std::string& path) {
  REEL_RETURN_IF_ERROR(Caught(*impl, [&] { return impl->Open(path); }));
  return std::unique_ptr<RocksIndex>(std::make_unique<CaughtIndex>(std::move(impl)));
}

}  // namespace reel
