#include "bench/rpc_front.h"

#include <grpcpp/grpcpp.h>
#include <reel/v1/playback.grpc.pb.h>
#include <unistd.h>

#include <filesystem>
#include <span>

#include "engine/base/bytes.h"
#include "server/access/audit_log.h"
#include "server/access/authorizer.h"
#include "server/client/address.h"
#include "server/client/convert.h"
#include "server/rpc/rpc_server.h"

namespace reel::bench {
namespace {

constexpr Duration kSeekMax = std::chrono::seconds(30);

class RpcFrontImpl final : public RpcFront {
 public:
  explicit RpcFrontImpl(const std::string& directory)
      : authorizer_({{"uid:" + std::to_string(getuid()), server::Role::kInvestigator, {"*"}}}),
        address_("unix:" + directory + "/rpc.sock") {}

  Status Listen(BenchNode& node, const std::string& directory) {
    REEL_ASSIGN_OR_RETURN(auto files, server::OpenAuditDirectory(directory + "/audit"));
    REEL_ASSIGN_OR_RETURN(audit_, server::AuditLog::Open(std::move(files), {}));
    server::RpcOptions options;
    options.store = &node.store();
    options.authorizer = &authorizer_;
    options.audit = audit_.get();
    options.unix_path = directory + "/rpc.sock";
    REEL_ASSIGN_OR_RETURN(server_, server::RpcServer::Start(options));
    return OkStatus();
  }
  const std::string& address() const override { return address_; }

 private:
  server::RoleAuthorizer authorizer_;
  std::unique_ptr<server::AuditSink> audit_;
  const std::string address_;
  std::unique_ptr<server::RpcServer> server_;  // the last member: it uses the others
};

class RpcViewerImpl final : public RpcViewer {
 public:
  explicit RpcViewerImpl(const std::string& address) {
    grpc::ChannelArguments arguments = server::FootageArguments();
    // Otherwise all viewers would share one connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::Playback::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }

  Status Seek(StreamId stream, WallTime time, const Taker& taker) override {
    v1::SeekRequest request;
    request.set_stream(ToString(stream));
    request.set_time_ns(time.ns);
    grpc::ClientContext context;
    context.set_deadline(server::DeadlineAfter(kSeekMax));
    const auto answers = stub_->Seek(&context, request);
    Status status;
    for (v1::SeekResponse answer; status.ok() && answers->Read(&answer);)
      status = taker(UnitNumber{answer.unit().number()}, AsBytes(answer.data()));
    return End(status, &context, *answers);
  }

  Status Read(StreamId stream, WallRange range, const Taker& taker) override {
    v1::ReadRequest request;
    request.set_stream(ToString(stream));
    request.mutable_range()->set_begin_ns(range.begin.ns);
    request.mutable_range()->set_end_ns(range.end.ns);
    grpc::ClientContext context;
    const auto answers = stub_->Read(&context, request);
    Status status;
    for (v1::ReadResponse answer; status.ok() && answers->Read(&answer);) {
      if (answer.has_damage()) status = DataLoss(answer.damage().message());
      if (answer.has_unit())
        status = taker(UnitNumber{answer.unit().unit().number()}, AsBytes(answer.data()));
    }
    return End(status, &context, *answers);
  }

 private:
  template <class Answers>
  static Status End(const Status& status, grpc::ClientContext* context, Answers& answers) {
    if (!status.ok()) context->TryCancel();
    const grpc::Status ended = answers.Finish();
    return status.ok() ? server::FromWire(ended) : status;
  }

  std::unique_ptr<v1::Playback::Stub> stub_;
};

}  // namespace

Result<std::unique_ptr<RpcFront>> RpcFront::Start(BenchNode& node, const std::string& directory) {
  auto front = std::make_unique<RpcFrontImpl>(directory);
  REEL_RETURN_IF_ERROR(front->Listen(node, directory));
  return std::unique_ptr<RpcFront>(std::move(front));
}

std::unique_ptr<RpcViewer> RpcViewer::Connect(const std::string& address) {
  return std::make_unique<RpcViewerImpl>(address);
}

}  // namespace reel::bench
