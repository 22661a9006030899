// Row c: the same units into the store, into a file per stream and into BlobDB, one after another.
#include "bench/benchmarks.h"
#include "bench/histogram.h"
#include "bench/pacer.h"
#include "bench/peers.h"
#include "bench/unpaced.h"
#include "bench/usage.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

class PeersBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "peers"; }
  std::string what() const override {
    return "1000 streams unpaced: beside a file per stream and BlobDB, same units and file state";
  }
  std::string rows() const override { return "c"; }

  Status SetUp(const Settings& settings) override {
    if (settings.streams != 0) streams_ = settings.streams;
    gops_ = std::max<uint64_t>(2, settings.volume_bytes / 4 / streams_ / trace_.MeanGopBytes());
    NodeShape shape;
    shape.root = settings.directory + "/node";
    shape.segments = static_cast<uint32_t>(settings.volume_bytes / shape.segment_bytes);
    shape.buffer_bytes = streams_ * (uint64_t{5} << 19);
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    const WallTime begin = LongAgo();
    cameras_ = std::make_unique<UnpacedCameras>(*node_, trace_, streams_, begin);
    REEL_RETURN_IF_ERROR(cameras_->Begin());
    while (node_->store().counters().segments_recycled < 2)
      REEL_RETURN_IF_ERROR(cameras_->Append(2));
    REEL_RETURN_IF_ERROR(cameras_->WaitDurable());
    REEL_ASSIGN_OR_RETURN(files_, NewFilesPeer(settings.directory + "/files"));
    REEL_RETURN_IF_ERROR(files_->Append(trace_, streams_, gops_));
    REEL_ASSIGN_OR_RETURN(blobs_, NewBlobPeer(settings.directory + "/blobs"));
    return OkStatus();
  }

  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(node_->store().WaitIdle(std::chrono::minutes(2)));
    REEL_ASSIGN_OR_RETURN(const double reel, Time("reel", round, [&] {
                            Status status = cameras_->Append(gops_);
                            return status.ok() ? cameras_->WaitDurable() : status;
                          }));
    REEL_ASSIGN_OR_RETURN(const double files, Time("files", round, [&] {
                            return files_->Append(trace_, streams_, gops_);
                          }));
    REEL_RETURN_IF_ERROR(files_->Verify(trace_, streams_, gops_));
    REEL_ASSIGN_OR_RETURN(const double blobs, Time("blobs", round, [&] {
                            return blobs_->Append(trace_, streams_, gops_);
                          }));
    REEL_RETURN_IF_ERROR(blobs_->Verify(trace_, streams_, gops_));
    round->figures = {{"c.file", reel, files}, {"c.blob", reel, blobs}};
    return cameras_->VerifyTails(2, 50);
  }

  Status TearDown() override {
    if (!node_) return OkStatus();
    cameras_.reset();
    files_.reset();
    blobs_.reset();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    node_.reset();
    return status.ok() ? closed : status;
  }

 private:
  // GB a second of `append`.
  template <class Append>
  Result<double> Time(const std::string& who, Round* round, const Append& append) const {
    const Usage before = Usage::Now();
    const MonoTime begin = MonoNow();
    REEL_RETURN_IF_ERROR(append());
    const double seconds = Seconds(MonoNow() - begin);
    const double gb =
        static_cast<double>(gops_ * streams_) * static_cast<double>(trace_.MeanGopBytes()) / 1e9;
    round->details[who] = {{"gb_s", gb / seconds},
                           {"cpu_s_per_gb", (Usage::Now() - before).cpu_seconds / gb}};
    return gb / seconds;
  }

  Trace trace_{TraceShape{}};
  uint32_t streams_ = 1000;
  uint64_t gops_ = 0;
  std::unique_ptr<BenchNode> node_;
  std::unique_ptr<UnpacedCameras> cameras_;
  std::unique_ptr<Peer> files_;
  std::unique_ptr<Peer> blobs_;
};

}  // namespace

std::unique_ptr<Benchmark> NewPeersBenchmark() { return std::make_unique<PeersBenchmark>(); }

}  // namespace reel::bench
