#include "server/rpc/rpc_server.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>

#include "server/rpc/acceptor.h"
#include "server/rpc/peer_server.h"

namespace reel::server {
namespace {

constexpr size_t kMaxPemBytes = 1U << 20;
constexpr size_t kMaxUsers = 64;  // of the Unix socket
constexpr mode_t kSocketMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;

Result<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxPemBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (text.empty() || text.size() == kMaxPemBytes) {
    return InvalidArgument("\"" + path + "\" cannot be read as a PEM file");
  }
  return text;
}

// The name goes with the user's number; a user without a name has the number alone.
Identity LocalUser(uint32_t uid) {
  Identity who;
  who.name = "uid:" + std::to_string(uid);
  who.names = {who.name};
  std::array<char, 16384> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr) {
    who.names.push_back(std::string("user:") + found->pw_name);
  }
  return who;
}

class RpcServerImpl final : public RpcServer {
 public:
  explicit RpcServerImpl(const RpcOptions& options) : core_(options), quota_("reel-rpc") {
    quota_.Resize(PeerServerLimits::kMemoryBytes);
  }
  ~RpcServerImpl() override { Stop(Duration{0}); }

  Status Start();
  void Stop(Duration grace) override;
  uint16_t tcp_port() const override { return acceptor_->tcp_port(); }
  uint32_t connections() const override { return acceptor_->connections(); }

 private:
  Status OpenDoors(std::vector<Door>* doors);
  Result<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials() const;
  bool HandOn(DoorKind kind, SocketFd fd, uint32_t uid);
  // Made when its user comes for the first time. Nullptr: too many users, or none can be made.
  PeerServer* ServerOf(uint32_t uid);

  RpcCore core_;
  grpc::ResourceQuota quota_;
  std::unique_ptr<PeerServer> tls_;
  std::unique_ptr<PeerServer> plain_;
  std::map<uint32_t, std::unique_ptr<PeerServer>> users_;  // the acceptor's thread alone
  std::unique_ptr<Acceptor> acceptor_;
  bool stopped_ = false;
};

Result<std::shared_ptr<grpc::ServerCredentials>> RpcServerImpl::TlsCredentials() const {
  const RpcOptions& options = core_.options;
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  REEL_ASSIGN_OR_RETURN(pair.cert_chain, ReadPem(options.certificate_file));
  REEL_ASSIGN_OR_RETURN(pair.private_key, ReadPem(options.key_file));
  REEL_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadPem(options.client_ca_file));
  tls.pem_key_cert_pairs.push_back(std::move(pair));
  return grpc::SslServerCredentials(tls);
}

Status RpcServerImpl::OpenDoors(std::vector<Door>* doors) {
  const RpcOptions& options = core_.options;
  if (!options.unix_path.empty()) {
    REEL_ASSIGN_OR_RETURN(auto listener, ListenOnPath(options.unix_path, kSocketMode));
    doors->push_back({DoorKind::kUnix, std::move(listener)});
  }
  if (!options.tls_address.empty()) {
    REEL_ASSIGN_OR_RETURN(auto listener, ListenOnTcp(options.tls_address, false));
    doors->push_back({DoorKind::kTls, std::move(listener)});
    REEL_ASSIGN_OR_RETURN(const auto credentials, TlsCredentials());
    REEL_ASSIGN_OR_RETURN(tls_, PeerServer::Start({&core_, std::nullopt}, credentials, quota_));
  }
  if (!options.plain_address.empty()) {
    REEL_ASSIGN_OR_RETURN(auto listener, ListenOnTcp(options.plain_address, true));
    core_.Log(LogLevel::kWarning, "RPC is served WITHOUT TLS on " + options.plain_address +
                                      ": every program of this machine is \"loopback\" there");
    doors->push_back({DoorKind::kPlain, std::move(listener)});
    const Identity anybody{"loopback", {"loopback"}, true};
    REEL_ASSIGN_OR_RETURN(
        plain_, PeerServer::Start({&core_, anybody}, grpc::InsecureServerCredentials(), quota_));
  }
  if (doors->empty()) return InvalidArgument("RPC: nothing to listen on");
  return OkStatus();
}

Status RpcServerImpl::Start() {
  std::vector<Door> doors;
  REEL_RETURN_IF_ERROR(OpenDoors(&doors));
  AcceptorOptions options;
  options.max_connections = core_.options.max_connections;
  options.max_per_user = std::max(1U, options.max_connections / 4 * 3);
  options.max_age = PeerServerLimits::kAge + 2 * PeerServerLimits::kAgeGrace;
  options.log = core_.options.log;
  options.hand_on = [this](DoorKind kind, SocketFd fd, uint32_t uid) {
    return HandOn(kind, std::move(fd), uid);
  };
  REEL_ASSIGN_OR_RETURN(acceptor_, Acceptor::Start(std::move(doors), std::move(options)));
  core_.connections = [this] { return acceptor_->connections(); };
  return OkStatus();
}

PeerServer* RpcServerImpl::ServerOf(uint32_t uid) {
  const auto at = users_.find(uid);
  if (at != users_.end()) return at->second.get();
  if (users_.size() >= kMaxUsers) {
    core_.Log(LogLevel::kWarning, "RPC: more than " + std::to_string(kMaxUsers) +
                                      " users of the socket: uid " + std::to_string(uid) +
                                      " is turned away");
    return nullptr;
  }
  auto server =
      PeerServer::Start({&core_, LocalUser(uid)}, grpc::InsecureServerCredentials(), quota_);
  if (!server.ok()) {
    core_.Log(LogLevel::kError, "RPC: " + server.status().ToString());
    return nullptr;
  }
  return users_.emplace(uid, std::move(*server)).first->second.get();
}

bool RpcServerImpl::HandOn(DoorKind kind, SocketFd fd, uint32_t uid) {
  PeerServer* const server = kind == DoorKind::kUnix  ? ServerOf(uid)
                             : kind == DoorKind::kTls ? tls_.get()
                                                      : plain_.get();
  if (server == nullptr) return false;
  server->Take(std::move(fd));
  return true;
}

// Calls need executors, timer and operations until they are over, so those go last.
void RpcServerImpl::Stop(Duration grace) {
  if (std::exchange(stopped_, true)) return;
  if (acceptor_ != nullptr) acceptor_->Stop();
  core_.stopping = true;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(grace).count();
  const gpr_timespec deadline =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
  if (tls_ != nullptr) tls_->Shutdown(deadline);
  if (plain_ != nullptr) plain_->Shutdown(deadline);
  for (const auto& [uid, server] : users_) server->Shutdown(deadline);
  core_.operations.Stop();
  core_.timer.Stop();
  core_.StopExecutors();
}

Status Check(const RpcOptions& options) {
  if (options.store == nullptr || options.authorizer == nullptr || options.audit == nullptr) {
    return InvalidArgument("RPC needs a store, an authorizer and an audit");
  }
  constexpr uint32_t kMost = 64;
  for (const uint32_t threads : {options.seek_threads, options.read_threads,
                                 options.picture_threads, options.ingest_threads}) {
    if (threads < 1 || threads > kMost) return InvalidArgument("RPC has 1..64 threads of a kind");
  }
  if (options.max_connections == 0) return InvalidArgument("RPC: max_connections is 0");
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcOptions& options) {
  REEL_RETURN_IF_ERROR(Check(options));
  auto server = std::make_unique<RpcServerImpl>(options);
  REEL_RETURN_IF_ERROR(server->Start());
  return std::unique_ptr<RpcServer>(std::move(server));
}

}  // namespace reel::server
