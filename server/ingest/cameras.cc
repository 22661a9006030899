#include "server/ingest/cameras.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "server/config/address.h"
#include "server/ingest/feed_link.h"
#include "server/ingest/source.h"
#include "server/rtsp/url.h"

namespace reel::server {
namespace {

class CamerasImpl final : public Cameras {
 public:
  explicit CamerasImpl(const IngestOptions& options)
      : gaps_(*options.store, options.log),
        reaper_(options.log),
        shared_{*options.store,
                options.clock != nullptr ? *options.clock : SystemClock(),
                options.random != nullptr ? *options.random : SystemRandom(),
                resolver_,
                reaper_,
                options.feed_command,
                options.max_bytes_per_second_each,
                gaps_,
                options.log,
                options.on_change} {}
  ~CamerasImpl() override { Stop(); }

  Status StartLoops(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      REEL_ASSIGN_OR_RETURN(std::unique_ptr<EventLoop> loop, EventLoop::Start(shared_.clock));
      loops_.push_back(std::move(loop));
    }
    return OkStatus();
  }

  Status Apply(const std::vector<CameraConfig>& cameras) override;
  std::vector<SourceStatus> Sources() override;
  GapFigures Gaps() override { return gaps_.figures(); }
  Status Event(const std::string& camera, WallTime when) override;
  void Stop() override;

 private:
  using SourcePtr = std::shared_ptr<Source>;

  Status Check(const SourceConfig& source) const;
  Result<SourceSpec> SpecOf(const CameraConfig& camera, const SourceConfig& source);
  EventLoop& LeastLoaded();
  static void EndOnLoop(Source& source, EndCause cause) {
    source.loop().Run([&] { source.End(cause); });
  }

  GapRecorder gaps_;
  ChildReaper reaper_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  Resolver resolver_;  // gone before the loops: its answers go there
  Source::Shared shared_;
  std::mutex apply_mutex_;  // one Apply or Stop at a time

  std::mutex mutex_;  // of what follows; never held while waiting for a loop
  std::map<std::string, SourcePtr> sources_;  // by stream
  bool stopped_ = false;
};

Status CamerasImpl::Check(const SourceConfig& source) const {
  if (source.mode == RecordMode::kOff) return OkStatus();
  if (!source.url.starts_with(kFeedPrefix)) return ParseUrl(source.url).status();
  if (shared_.feed_command.empty()) {
    return Unimplemented("sources by ffmpeg are read by reel-feed, which is not there");
  }
  return CheckSourceUrl(source.url);
}

Result<SourceSpec> CamerasImpl::SpecOf(const CameraConfig& camera, const SourceConfig& source) {
  REEL_RETURN_IF_ERROR(Check(source));
  Result<StreamInfo> stream = shared_.store.FindStream(source.stream);
  if (stream.status().code() == Code::kNotFound) stream = shared_.store.CreateStream(source.stream);
  if (!stream.ok()) return stream.status();
  SourceSpec spec{camera, stream->id};
  spec.camera.sources = {source};
  return spec;
}

EventLoop& CamerasImpl::LeastLoaded() {
  std::map<EventLoop*, size_t> load;
  for (const auto& loop : loops_) load[loop.get()] = 0;
  for (const auto& [stream, source] : sources_) ++load[&source->loop()];
  return *std::min_element(load.begin(), load.end(), [](const auto& a, const auto& b) {
            return a.second < b.second;
          })->first;
}

Status CamerasImpl::Apply(const std::vector<CameraConfig>& cameras) {
  const std::lock_guard apply_lock(apply_mutex_);
  if (stopped_) return FailedPrecondition("the cameras are stopped");
  Status first_error;
  std::map<std::string, SourceSpec> wanted;
  for (const CameraConfig& camera : cameras) {
    for (const SourceConfig& source : camera.sources) {
      Result<SourceSpec> spec = SpecOf(camera, source);
      if (spec.ok() && wanted.emplace(source.stream, *spec).second) continue;
      const Status error =
          spec.ok() ? AlreadyExists("stream " + source.stream + " has two sources") : spec.status();
      if (first_error.ok()) first_error = error.WithContext("camera " + camera.name);
    }
  }
  std::vector<SourcePtr> gone;
  std::vector<SourcePtr> fresh;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = sources_.begin(); at != sources_.end();) {
      const auto spec = wanted.find(at->first);
      const bool stays = spec != wanted.end() && spec->second == at->second->spec();
      if (!stays) gone.push_back(at->second);
      at = stays ? std::next(at) : sources_.erase(at);
    }
  }
  for (const SourcePtr& source : gone) EndOnLoop(*source, EndCause::kEnded);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, spec] : wanted) {
      if (sources_.contains(stream)) continue;
      const auto source = std::make_shared<Source>(shared_, LeastLoaded(), spec);
      sources_[stream] = source;
      fresh.push_back(source);
    }
  }
  for (const SourcePtr& source : fresh) source->loop().Post([source] { source->Begin(); });
  return first_error;
}

std::vector<SourceStatus> CamerasImpl::Sources() {
  std::map<StreamId, Duration> flush_ages;
  for (const StreamInfo& stream : shared_.store.Streams()) {
    flush_ages[stream.id] = stream.flush_age;
  }
  const std::lock_guard lock(mutex_);
  std::vector<SourceStatus> statuses;
  for (const auto& [stream, source] : sources_) {
    statuses.push_back(source->status());
    statuses.back().flush_age = flush_ages[source->spec().stream];
  }
  return statuses;
}

Status CamerasImpl::Event(const std::string& camera, WallTime when) {
  const std::lock_guard lock(mutex_);
  bool known = false;
  for (const auto& [stream, source] : sources_) {
    if (source->spec().camera.name != camera) continue;
    known = true;
    source->loop().Post([source = source, when] { source->Event(when); });
  }
  return known ? OkStatus() : NotFound("no camera named '" + camera + "'");
}

void CamerasImpl::Stop() {
  const std::lock_guard apply_lock(apply_mutex_);
  std::map<std::string, SourcePtr> sources;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    sources.swap(sources_);
  }
  for (const auto& [stream, source] : sources) EndOnLoop(*source, EndCause::kShutdown);
  reaper_.Drain();  // the loops' threads are their parents
  for (const auto& loop : loops_) loop->Stop();
  gaps_.Drain();
}

}  // namespace

Result<std::unique_ptr<Cameras>> Cameras::Start(const IngestOptions& options) {
  auto cameras = std::make_unique<CamerasImpl>(options);
  REEL_RETURN_IF_ERROR(cameras->StartLoops(std::clamp(options.loops, 1U, 16U)));
  return std::unique_ptr<Cameras>(std::move(cameras));
}

}  // namespace reel::server
