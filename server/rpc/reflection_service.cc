#include "server/rpc/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <reel/v1/admin.grpc.pb.h>
#include <reel/v1/ingest.grpc.pb.h>
#include <reel/v1/playback.grpc.pb.h>

#include <array>
#include <set>
#include <string>

#include "server/rpc/wire.h"

namespace reel::server {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using wire_reflection::FileDescriptorResponse;
using wire_reflection::ServerReflectionRequest;
using wire_reflection::ServerReflectionResponse;

constexpr std::array kServices{"grpc.health.v1.Health",
                               wire_reflection::ServerReflection::service_full_name(),
                               v1::Admin::service_full_name(), v1::Ingest::service_full_name(),
                               v1::Playback::service_full_name()};

void PutError(Code code, const std::string& what, ServerReflectionResponse* answer) {
  answer->mutable_error_response()->set_error_code(static_cast<int>(code));
  answer->mutable_error_response()->set_error_message(what);
}

// The file and all that it imports, each once.
void PutFiles(const FileDescriptor& file, std::set<std::string>* seen, FileDescriptorResponse* to) {
  if (!seen->insert(file.name()).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  to->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) PutFiles(*file.dependency(i), seen, to);
}

void PutFile(const FileDescriptor* file, ServerReflectionResponse* answer) {
  if (file == nullptr) return PutError(Code::kNotFound, "there is none of that name", answer);
  std::set<std::string> seen;
  PutFiles(*file, &seen, answer->mutable_file_descriptor_response());
}

ServerReflectionResponse Answer(const ServerReflectionRequest& asked) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  ServerReflectionResponse answer;
  answer.set_valid_host(asked.host());
  *answer.mutable_original_request() = asked;
  switch (asked.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      PutFile(pool.FindFileByName(asked.file_by_filename()), &answer);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      PutFile(pool.FindFileContainingSymbol(asked.file_containing_symbol()), &answer);
      break;
    case ServerReflectionRequest::kListServices:
      for (const char* name : kServices) {
        answer.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case ServerReflectionRequest::kFileContainingExtension:
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      PutError(Code::kNotFound, "there are no extensions", &answer);
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      PutError(Code::kInvalidArgument, "nothing is asked", &answer);
      break;
  }
  return answer;
}

class ReflectionSession final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  ReflectionSession() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    ServerReflectionRequest asked;
    const Status status = FromWire(request_, ReflectionService::kMaxRequestBytes, &asked);
    if (!status.ok()) return Finish(ToGrpc(status));
    answer_ = ToWire(Answer(asked));
    StartWrite(&answer_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
ReflectionService::ServerReflectionInfo(grpc::CallbackServerContext* /*context*/) {
  return new ReflectionSession;
}

}  // namespace reel::server
