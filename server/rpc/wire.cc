#include "server/rpc/wire.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <memory>
#include <vector>

namespace reel::server {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

constexpr int kDataField = 15;
constexpr uint32_t kDataTag =
    WireFormatLite::MakeTag(kDataField, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr char kNoMessage[] = "the request is no message of that kind";
constexpr size_t kMaxStatusText = 1024;  // well below the 8 KiB of metadata

grpc::Slice SliceOf(Bytes bytes) {
  auto owner = std::make_unique<Bytes>(std::move(bytes));
  Bytes* const raw = owner.release();
  return {raw->data(), raw->size(), [](void* user) { delete static_cast<Bytes*>(user); }, raw};
}

Status TooLong(size_t max_bytes) {
  return ResourceExhausted("a request has at most " + std::to_string(max_bytes) + " bytes");
}

Status Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  grpc::ByteBuffer copy(bytes);  // of the references
  grpc::ProtoBufferReader reader(&copy);
  if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) {
    return InvalidArgument(kNoMessage);
  }
  return OkStatus();
}

// Whether what is not `data` has at most `max_bytes`; InvalidArgument: it is no message. Keeps
// nothing of it.
Result<bool> HeadIsWithin(const grpc::ByteBuffer& bytes, size_t max_bytes) {
  grpc::ByteBuffer copy(bytes);  // of the references
  grpc::ProtoBufferReader reader(&copy);
  google::protobuf::io::CodedInputStream in(&reader);
  size_t data = 0;
  while (const uint32_t tag = in.ReadTag()) {
    const auto begin = static_cast<size_t>(in.CurrentPosition());
    uint32_t size = 0;
    const bool skipped = tag == kDataTag ? in.ReadVarint32(&size) && in.Skip(static_cast<int>(size))
                                         : WireFormatLite::SkipField(&in, tag);
    if (!skipped) return InvalidArgument(kNoMessage);
    const auto end = static_cast<size_t>(in.CurrentPosition());
    if (tag == kDataTag) data += end - begin;
    if (end - data > max_bytes) return false;
  }
  return bytes.Length() - data <= max_bytes;
}

}  // namespace

grpc::ByteBuffer ToWire(const google::protobuf::MessageLite& message, Bytes data) {
  std::string head;
  {
    google::protobuf::io::StringOutputStream stream(&head);
    CodedOutputStream out(&stream);
    message.SerializeWithCachedSizes((static_cast<void>(message.ByteSizeLong()), &out));
    if (!data.empty()) {
      out.WriteTag(kDataTag);
      out.WriteVarint32(static_cast<uint32_t>(data.size()));
    }
  }
  std::vector<grpc::Slice> slices;
  slices.emplace_back(head);
  if (!data.empty()) slices.push_back(SliceOf(std::move(data)));
  return {slices.data(), slices.size()};
}

Status FromWire(const grpc::ByteBuffer& bytes, size_t max_bytes,
                google::protobuf::MessageLite* message) {
  if (bytes.Length() > max_bytes) return TooLong(max_bytes);
  return Parse(bytes, message);
}

Status FromWireWithData(const grpc::ByteBuffer& bytes, size_t max_bytes,
                        google::protobuf::MessageLite* message) {
  REEL_ASSIGN_OR_RETURN(const bool within, HeadIsWithin(bytes, max_bytes));
  if (!within) return TooLong(max_bytes);
  return Parse(bytes, message);
}

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  std::string text = status.message().substr(0, kMaxStatusText);
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return {static_cast<grpc::StatusCode>(status.code()), text};
}

}  // namespace reel::server
