// Daemon: reeld's parts wired together. Recording comes first: what is not needed for it (audit,
// RPC, metrics) is tried again until it is there, and its absence is said.
//
// Thread rule: one thread, but for ReloadFile. Ownership: owns all of its parts.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "reel/log.h"
#include "reel/node.h"
#include "server/access/authorizer.h"
#include "server/config/config.h"
#include "server/daemon/metrics.h"
#include "server/ingest/cameras.h"
#include "server/rpc/rpc_server.h"

namespace reel::server {

class Daemon {
 public:
  // How ReloadFile gets the configuration.
  using ReadFile = std::function<Result<Config>()>;

  // Records on return. Errors: those of Node::Open, and of cameras that cannot be had at all.
  static Result<std::unique_ptr<Daemon>> Start(Config config, LogSink log, ReadFile read = {});
  ~Daemon();

  // Cameras and grants become those of `config`; cameras that are in both and alike go on
  // undisturbed. What needs a restart is said in the log and left as it was.
  Status Reload(Config config);
  // The same with what the file says now, and how many cameras that has; also said in the log. With
  // mistakes in it nothing changes. From any thread, as long as Stop has not returned.
  Result<size_t> ReloadFile();

  // To be called every second or so: brings up what could not be had before. One line of how it is.
  std::string Tend();

  // Ends connections and calls, makes everything durable and seals it. Blocks, at most 100 s. Once.
  Status Stop();

  uint16_t metrics_port() const { return metrics_ ? metrics_->port() : uint16_t{0}; }

 private:
  Daemon(Config config, LogSink log, ReadFile read);
  Status StartRecording();
  Status StartRpc();
  Status StartMetrics();
  // Logs what is new in it.
  void Say(const std::string& part, const Status& status, std::string* said);

  const ReadFile read_;
  std::mutex reload_mutex_;  // of what a reload changes: grants and cameras of config_
  Config config_;
  const LogSink log_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Cameras> cameras_;
  RoleAuthorizer authorizer_;
  std::unique_ptr<AuditSink> audit_;
  RpcFigures rpc_figures_;
  std::unique_ptr<RpcServer> rpc_;
  std::unique_ptr<Metrics> metrics_;
  std::string rpc_trouble_;
  std::string metrics_trouble_;
  MonoTime tried_;
};

}  // namespace reel::server
