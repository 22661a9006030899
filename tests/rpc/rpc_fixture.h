// A node in a folder of its own with an RPC server before it, and a client as each identity.
//
// Thread rule: one thread at a time.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <reel/v1/admin.grpc.pb.h>
#include <reel/v1/ingest.grpc.pb.h>
#include <reel/v1/playback.grpc.pb.h>
#include "reel/node.h"
#include "server/access/audit_log.h"
#include "server/access/audit_verify.h"
#include "server/rpc/rpc_server.h"

namespace reel::server {

using std::chrono::milliseconds;
using std::chrono::seconds;

// An audit that can be made to fail, or to keep the threads of a call waiting, before a real one.
class TestAudit : public AuditSink {
 public:
  explicit TestAudit(const std::string& directory);
  using AuditSink::Record;
  Status Record(std::span<const AuditRecord> records) override;

  void set_broken(bool broken) { broken_ = broken; }
  // Records of `call` are not taken from now on, and who brings them waits, until Release.
  void Hold(const std::string& call);
  void Release();
  // Until somebody waits.
  void AwaitHeld();
  std::vector<AuditRecord> records();
  // How many there are of a call with that result.
  size_t Count(const std::string& call, const std::string& result);

 private:
  std::unique_ptr<AuditLog> log_;
  std::atomic<bool> broken_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string held_call_;
  size_t held_ = 0;
  std::vector<AuditRecord> records_;
};

// Of Ingest, Playback and Admin, by their descriptors.
std::vector<const google::protobuf::MethodDescriptor*> EveryMethod();
// "reel.v1.Playback/Seek"
std::string CallOf(const google::protobuf::MethodDescriptor& method);

class RpcTest : public testing::Test {
 public:
  ~RpcTest() override;

 protected:
  RpcTest();

  std::string PathOf(const std::string& name) const { return (root_ / name).string(); }
  std::string SocketPath() const { return PathOf("rpc.sock"); }

  RpcOptions Options();
  void Start(const RpcOptions& options);
  void Start() { Start(Options()); }
  void Grants(std::vector<Grant> grants) { authorizer_.Update(std::move(grants)); }
  // This process, over the Unix socket.
  static std::string Me() { return "uid:" + std::to_string(getuid()); }
  static std::vector<Grant> EverythingTo(const std::string& who) {
    return {{who, Role::kInvestigator, {"*"}, false}, {who, Role::kAdmin, {"*"}, false}};
  }

  std::shared_ptr<grpc::Channel> Connect(grpc::ChannelArguments arguments = {});
  // Sends `request`, whatever it is, as the one message of a call. `answer`: the first message that
  // comes.
  static grpc::Status CallRaw(grpc::Channel& channel, const std::string& path,
                              const std::string& request, bool deadline = true,
                              std::string* answer = nullptr);
  static void Deadline(grpc::ClientContext* context, Duration wait = seconds(20));

  Store& store() { return node_->store(); }

  // Units 0 .. count-1 of a run, ten to a GOP, 40 ms apart from kBegin on; durable on return.
  // H.264 that ffprobe reads.
  // All of it `later`.
  std::string Append(grpc::Channel& channel, const std::string& stream, uint64_t count,
                     Duration later = {});
  static v1::BeginRun BeginOf(const std::string& stream);
  static v1::AppendRequest UnitOf(uint32_t lane, uint64_t number);
  static WallTime TimeOf(uint64_t number) {
    return kBegin + milliseconds(40) * static_cast<int64_t>(number);
  }

  static constexpr WallTime kBegin{1'795'382'160'000'000'000};
  static constexpr uint64_t kGop = 10;

  std::filesystem::path root_;
  std::unique_ptr<Node> node_;
  RoleAuthorizer authorizer_{{}};
  std::unique_ptr<TestAudit> audit_;
  RpcFigures figures_;
  std::mutex log_mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace reel::server
