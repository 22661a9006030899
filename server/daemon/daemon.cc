#include "server/daemon/daemon.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "reel/clock.h"
#include "server/access/audit_log.h"

namespace reel::server {
namespace {

constexpr Duration kRetryAfter = std::chrono::seconds(5);
constexpr Duration kGrace = std::chrono::seconds(5);

// The program that reads sources "ffmpeg:", in libexec or where it was built.
std::vector<std::string> FeedCommand() {
  std::error_code none;
  const std::filesystem::path here =
      std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
  for (const char* place : {"../libexec/reel/reel-feed", "../feed/reel-feed"}) {
    const std::filesystem::path program = (here / place).lexically_normal();
    if (access(program.c_str(), X_OK) == 0) return {program.string()};
  }
  return {};
}

}  // namespace

Daemon::Daemon(Config config, LogSink log, ReadFile read)
    : read_(std::move(read)),
      config_(std::move(config)),
      log_(std::move(log)),
      authorizer_(config_.grants) {}

Daemon::~Daemon() {
  // As a crash would: connections go before the store that they write to.
  metrics_.reset();
  rpc_.reset();
  if (cameras_) cameras_->Stop();
}

Result<std::unique_ptr<Daemon>> Daemon::Start(Config config, LogSink log, ReadFile read) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(config), std::move(log), std::move(read)));
  REEL_RETURN_IF_ERROR(daemon->StartRecording());
  daemon->Tend();
  return daemon;
}

Status Daemon::StartRecording() {
  NodeOptions node;
  node.buffer_bytes = config_.node.buffer_bytes;
  node.stream_buffer_bytes = config_.node.stream_buffer_bytes;
  node.flush_interval = config_.node.flush_interval;
  node.log = log_;
  Result<std::unique_ptr<Node>> opened = Node::Open(config_.node.path, node);
  if (opened.status().code() == Code::kNotFound) {
    return NotFound(opened.status().message() +
                    "; [node] path names no node, 'reel init' makes one");
  }
  if (!opened.ok()) return opened.status();
  node_ = *std::move(opened);
  IngestOptions ingest;
  ingest.store = &node_->store();
  ingest.loops = config_.node.ingest_loops;
  ingest.feed_command = FeedCommand();
  ingest.log = log_;
  REEL_ASSIGN_OR_RETURN(cameras_, Cameras::Start(ingest));
  // One camera that cannot be had is no reason not to record the others.
  const Status applied = cameras_->Apply(config_.cameras);
  if (!applied.ok()) log_(LogLevel::kError, applied.ToString());
  return OkStatus();
}

Status Daemon::StartRpc() {
  if (!audit_) {
    REEL_ASSIGN_OR_RETURN(auto files, OpenAuditDirectory(config_.audit_directory));
    AuditLogOptions options;
    options.log = log_;
    REEL_ASSIGN_OR_RETURN(audit_, AuditLog::Open(std::move(files), options));
  }
  RpcOptions options;
  options.store = &node_->store();
  options.cameras = cameras_.get();
  options.authorizer = &authorizer_;
  options.audit = audit_.get();
  options.log = log_;
  options.figures = &rpc_figures_;
  if (read_) options.reload = [this] { return ReloadFile(); };
  options.unix_path = config_.listen.socket;
  options.plain_address = config_.listen.plaintext;
  options.tls_address = config_.listen.tls;
  options.certificate_file = config_.listen.tls_certificate;
  options.key_file = config_.listen.tls_key;
  options.client_ca_file = config_.listen.tls_client_ca;
  REEL_ASSIGN_OR_RETURN(rpc_, RpcServer::Start(options));
  return OkStatus();
}

Status Daemon::StartMetrics() {
  const MetricsSources of{&node_->store(), cameras_.get(), &rpc_figures_, &SystemClock()};
  REEL_ASSIGN_OR_RETURN(metrics_, Metrics::Start(config_.listen.metrics, of));
  return OkStatus();
}

void Daemon::Say(const std::string& part, const Status& status, std::string* said) {
  const std::string now = status.ok() ? "" : status.message();
  if (now == *said) return;
  *said = now;
  if (status.ok()) return log_(LogLevel::kInfo, part + " is there");
  log_(LogLevel::kError, part + " is not there, recording goes on: " + now);
}

std::string Daemon::Tend() {
  const MonoTime now = SystemClock().MonoNow();
  const bool due = now - tried_ >= kRetryAfter;
  if (due && !rpc_) Say("the RPC server", StartRpc(), &rpc_trouble_);
  if (due && !metrics_ && !config_.listen.metrics.empty())
    Say("the metrics server", StartMetrics(), &metrics_trouble_);
  if (due) tried_ = now;
  const std::vector<SourceStatus> sources = cameras_->Sources();
  const auto wanted = std::count_if(sources.begin(), sources.end(), [](const SourceStatus& source) {
    return source.state != SourceState::kOff;
  });
  const auto recording = std::count_if(
      sources.begin(), sources.end(),
      [](const SourceStatus& source) { return source.state == SourceState::kRecording; });
  std::string line =
      "records " + std::to_string(recording) + " of " + std::to_string(wanted) + " sources";
  if (!rpc_trouble_.empty()) line += "; no RPC: " + rpc_trouble_;
  if (!metrics_trouble_.empty()) line += "; no metrics: " + metrics_trouble_;
  return line;
}

Status Daemon::Reload(Config config) {
  const std::lock_guard lock(reload_mutex_);
  const bool restart = config.node != config_.node || config.listen != config_.listen ||
                       config.audit_directory != config_.audit_directory;
  if (restart) {
    log_(LogLevel::kWarning,
         "[node], [listen] and [audit] have changed: that takes a restart, and stays as it was "
         "till then");
  }
  authorizer_.Update(config.grants);
  config_.grants = std::move(config.grants);
  config_.cameras = std::move(config.cameras);
  return cameras_->Apply(config_.cameras);
}

Result<size_t> Daemon::ReloadFile() {
  Result<Config> config = read_();
  if (!config.ok()) {
    log_(LogLevel::kError, "everything stays as it was: " + config.status().message());
    return config.status();
  }
  const size_t cameras = config->cameras.size();
  const Status taken = Reload(*std::move(config));
  if (!taken.ok()) {
    log_(LogLevel::kError, taken.message());
    return taken;
  }
  log_(LogLevel::kInfo, "the configuration is in force, " + std::to_string(cameras) + " cameras");
  return cameras;
}

Status Daemon::Stop() {
  metrics_.reset();
  if (rpc_) rpc_->Stop(kGrace);
  rpc_.reset();
  cameras_->Stop();
  return node_->Close();
}

}  // namespace reel::server
