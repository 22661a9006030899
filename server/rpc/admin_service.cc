#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "server/rpc/convert.h"
#include "server/rpc/services.h"
#include "server/rpc/unary.h"

namespace reel::server {
namespace {

Status PutStream(const Result<StreamInfo>& stream, v1::StreamInfo* response) {
  if (!stream.ok()) return stream.status();
  Put(*stream, response);
  return OkStatus();
}

void PutHealth(const RpcCore& core, v1::GetHealthResponse* to) {
  for (const VolumeInfo& volume : core.store.Volumes()) {
    if (volume.state != "good") to->add_troubles("volume " + volume.path + ": " + volume.state);
  }
  const StoreCounters counters = core.store.counters();
  if (counters.acknowledged_chunks_lost > 0) {
    to->add_troubles(std::to_string(counters.acknowledged_chunks_lost) +
                     " acknowledged chunks are not there");
  }
  to->set_units_accepted(counters.units_accepted);
  to->set_bytes_accepted(counters.bytes_accepted);
  to->set_units_durable(counters.units_durable);
  to->set_bytes_durable(counters.bytes_durable);
  to->set_units_shed(counters.units_shed);
  to->set_segments_recycled(counters.segments_recycled);
  to->set_segments_salvaged(counters.segments_salvaged);
  to->set_acknowledged_chunks_lost(counters.acknowledged_chunks_lost);
  to->set_reads_refused_damaged(counters.reads_refused_damaged);
  to->set_buffer_bytes_in_use(counters.buffer_bytes_in_use);
  to->set_connections(core.connections());
  to->set_streams_open(static_cast<uint32_t>(core.figures.streams_open));
}

void PutCameras(RpcCore& core, Visit& visit, v1::ListCamerasResponse* to) {
  if (core.options.cameras == nullptr) return;
  std::map<std::string, StreamInfo> streams;
  for (StreamInfo& stream : core.store.Streams()) streams[stream.name] = std::move(stream);
  for (const SourceStatus& source : core.options.cameras->Sources()) {
    if (!visit.MaySee(source.stream)) continue;
    v1::CameraSource* const put = to->add_sources();
    Put(source, put);
    const auto stream = streams.find(source.stream);
    if (stream == streams.end()) continue;
    put->set_volume(stream->second.volume.value);
    const GapDays::Day day = core.gap_days.Of(stream->second.id);
    put->set_gaps_last_day(day.gaps);
    put->set_gap_last_day_ns(day.length.count());
  }
}

void PutImports(RpcCore& core, Visit& visit, uint64_t skip, v1::ListImportsResponse* to) {
  constexpr int kPage = 1000;
  std::set<StreamId> seen;
  for (const StreamInfo& stream : core.store.Streams()) {
    if (visit.MaySee(stream.name)) seen.insert(stream.id);
  }
  for (const ImportRow& import : core.store.Imports()) {
    if (!seen.contains(import.stream)) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    if (to->imports_size() == kPage) return to->set_more(true);
    Put(import, to->add_imports());
  }
}

Status PutOperation(const Result<OperationInfo>& operation, v1::Operation* response) {
  if (!operation.ok()) return operation.status();
  Put(*operation, response);
  return OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::ListStreams(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return ServeUnary<v1::ListStreamsRequest, v1::ListStreamsResponse>(
      side_, "reel.v1.Admin/ListStreams", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        std::vector<StreamInfo> streams = core->store.Streams();
        std::sort(streams.begin(), streams.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
        for (const StreamInfo& stream : streams) {
          if (visit.MaySee(stream.name)) Put(stream, answer->add_streams());
        }
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminService::ListImports(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return ServeUnary<v1::ListImportsRequest, v1::ListImportsResponse>(
      side_, "reel.v1.Admin/ListImports", context, request, response,
      [core = side_.core](Visit& visit, const auto& asked, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        PutImports(*core, visit, asked.skip(), answer);
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminService::AddStream(grpc::CallbackServerContext* context,
                                                  const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return ServeUnary<v1::AddStreamRequest, v1::StreamInfo>(
      side_, "reel.v1.Admin/AddStream", context, request, response,
      [core = side_.core](Visit& visit, const auto& asked, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterName(asked.name()));
        return PutStream(core->store.CreateStream(asked.name()), answer);
      });
}

grpc::ServerUnaryReactor* AdminService::RenameStream(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return ServeUnary<v1::RenameStreamRequest, v1::StreamInfo>(
      side_, "reel.v1.Admin/RenameStream", context, request, response,
      [core = side_.core](Visit& visit, const auto& asked, auto* answer) -> Status {
        Errand errand;
        errand.stream = asked.stream();
        REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit.Enter(errand));
        REEL_RETURN_IF_ERROR(visit.EnterName(asked.name()));
        return PutStream(core->store.RenameStream(stream.id, asked.name()), answer);
      });
}

grpc::ServerUnaryReactor* AdminService::RetireStream(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return ServeUnary<v1::RetireStreamRequest, v1::StreamInfo>(
      side_, "reel.v1.Admin/RetireStream", context, request, response,
      [core = side_.core](Visit& visit, const auto& asked, auto* answer) -> Status {
        Errand errand;
        errand.stream = asked.stream();
        REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit.Enter(errand));
        return PutStream(core->store.RetireStream(stream.id, asked.retired()), answer);
      });
}

grpc::ServerUnaryReactor* AdminService::ListCameras(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return ServeUnary<v1::ListCamerasRequest, v1::ListCamerasResponse>(
      side_, "reel.v1.Admin/ListCameras", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        PutCameras(*core, visit, answer);
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminService::ListVolumes(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return ServeUnary<v1::ListVolumesRequest, v1::ListVolumesResponse>(
      side_, "reel.v1.Admin/ListVolumes", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        for (const VolumeInfo& volume : core->store.Volumes()) {
          Put(volume, answer->add_volumes());
        }
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminService::GetHealth(grpc::CallbackServerContext* context,
                                                  const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return ServeUnary<v1::GetHealthRequest, v1::GetHealthResponse>(
      side_, "reel.v1.Admin/GetHealth", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        PutHealth(*core, answer);
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminService::ReloadConfig(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return ServeUnary<v1::ReloadConfigRequest, v1::ReloadConfigResponse>(
      side_, "reel.v1.Admin/ReloadConfig", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        if (!core->options.reload) {
          return Unimplemented("this server has no configuration of its own");
        }
        REEL_ASSIGN_OR_RETURN(const size_t cameras, core->options.reload());
        answer->set_cameras(static_cast<uint32_t>(cameras));
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminService::StartVerify(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return ServeUnary<v1::StartVerifyRequest, v1::Operation>(
      side_, "reel.v1.Admin/StartVerify", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        return PutOperation(core->operations.Start(OperationKind::kVerify, visit.who().name),
                            answer);
      });
}

grpc::ServerUnaryReactor* AdminService::StartReindex(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return ServeUnary<v1::StartReindexRequest, v1::Operation>(
      side_, "reel.v1.Admin/StartReindex", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        return PutOperation(core->operations.Start(OperationKind::kReindex, visit.who().name),
                            answer);
      });
}

grpc::ServerUnaryReactor* AdminService::ListOperations(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return ServeUnary<v1::ListOperationsRequest, v1::ListOperationsResponse>(
      side_, "reel.v1.Admin/ListOperations", context, request, response,
      [core = side_.core](Visit& visit, const auto&, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        for (const OperationInfo& operation : core->operations.List()) {
          Put(operation, answer->add_operations());
        }
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminService::GetOperation(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return ServeUnary<v1::GetOperationRequest, v1::Operation>(
      side_, "reel.v1.Admin/GetOperation", context, request, response,
      [core = side_.core](Visit& visit, const auto& asked, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        return PutOperation(core->operations.Get(asked.id()), answer);
      });
}

grpc::ServerUnaryReactor* AdminService::CancelOperation(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request,
                                                        grpc::ByteBuffer* response) {
  return ServeUnary<v1::CancelOperationRequest, v1::Operation>(
      side_, "reel.v1.Admin/CancelOperation", context, request, response,
      [core = side_.core](Visit& visit, const auto& asked, auto* answer) -> Status {
        REEL_RETURN_IF_ERROR(visit.EnterNode());
        return PutOperation(core->operations.Cancel(asked.id()), answer);
      });
}

}  // namespace reel::server
