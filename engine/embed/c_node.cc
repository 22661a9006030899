// The C ABI: values, nodes, streams.
#include "engine/embed/c_edge.h"

namespace reel::embed {
namespace {

Store::InitVolume ToVolume(const reel_volume_options& options) {
  Store::InitVolume volume;
  volume.path = options.path;
  volume.bytes = options.bytes;
  volume.segment_bytes = options.segment_bytes;
  volume.granule_bytes = options.granule_bytes;
  if (options.placement != nullptr) volume.placement = options.placement;
  return volume;
}

NodeOptions ToOptions(const reel_open_options& options) {
  NodeOptions node;
  node.read_only = options.read_only != 0;
  if (options.buffer_bytes != 0) node.buffer_bytes = options.buffer_bytes;
  if (options.stream_buffer_bytes != 0) node.stream_buffer_bytes = options.stream_buffer_bytes;
  if (options.index_cache_bytes != 0) node.index_cache_bytes = options.index_cache_bytes;
  if (options.flush_interval_ns != 0) node.flush_interval = Duration{options.flush_interval_ns};
  if (options.log != nullptr) {
    node.log = [log = options.log, context = options.log_context](LogLevel level,
                                                                  std::string_view message) {
      const std::string line(message);
      log(context, static_cast<int32_t>(level), line.c_str());
    };
  }
  return node;
}

}  // namespace
}  // namespace reel::embed

using namespace reel::embed;  // NOLINT(google-build-using-namespace): the functions of C are theirs

extern "C" {

const char* reel_version() { return REEL_VERSION; }

const char* reel_code_name(int32_t code) {
  const bool known = code >= 0 && code <= REEL_DATA_LOSS;
  return reel::CodeName(known ? static_cast<reel::Code>(code) : reel::Code::kUnknown).data();
}

const char* reel_gap_name(int32_t cause) {
  const bool known = cause >= 0 && cause <= REEL_GAP_DAMAGED;
  const auto gap = known ? static_cast<reel::GapCause>(cause) : reel::GapCause::kUnknown;
  return reel::GapCauseName(gap).data();
}

void reel_id_text(const reel_id* id, char text[37]) {
  constexpr char kDigits[] = "0123456789abcdef";
  char* to = text;
  for (size_t i = 0; i < sizeof id->bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    *to++ = kDigits[id->bytes[i] >> 4];
    *to++ = kDigits[id->bytes[i] & 0xF];
  }
  *to = 0;
}

int32_t reel_init(const char* node_path, const reel_volume_options* volume, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node_path", node_path}, {"volume", volume}}));
    REEL_ASSIGN_OR_RETURN(const reel_volume_options options, Take("reel_volume_options", volume));
    REEL_RETURN_IF_ERROR(NotNull({{"path", options.path}}));
    return reel::Node::Init(node_path, {ToVolume(options)});
  });
}

int32_t reel_open(const char* node_path, const reel_open_options* options, reel_node** node,
                  reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node_path", node_path}, {"node", node}}));
    *node = nullptr;
    REEL_ASSIGN_OR_RETURN(const reel_open_options taken, Take("reel_open_options", options));
    auto opened = std::make_unique<reel_node>();
    REEL_ASSIGN_OR_RETURN(opened->node, reel::Node::Open(node_path, ToOptions(taken)));
    *node = opened.release();
    return reel::OkStatus();
  });
}

int32_t reel_close(reel_node* node, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    if (node == nullptr) return reel::OkStatus();
    if (const int children = node->children; children != 0) {
      return reel::FailedPrecondition("the node has " + std::to_string(children) +
                                      " runs, cursors or timelines: free them first");
    }
    const std::unique_ptr<reel_node> closing(node);
    return closing->node->Close();
  });
}

int32_t reel_create_stream(reel_node* node, const char* name, reel_id* stream,
                           reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node", node}, {"name", name}, {"stream", stream}}));
    REEL_ASSIGN_OR_RETURN(const reel::StreamInfo info, node->store().CreateStream(name));
    *stream = FromId(info.id);
    return reel::OkStatus();
  });
}

int32_t reel_find_stream(reel_node* node, const char* name_or_id, reel_id* stream,
                         reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node", node}, {"name_or_id", name_or_id}, {"stream", stream}}));
    REEL_ASSIGN_OR_RETURN(const reel::StreamInfo info, node->store().FindStream(name_or_id));
    *stream = FromId(info.id);
    return reel::OkStatus();
  });
}

int32_t reel_list_streams(reel_node* node, reel_stream_fn each, void* context,
                          reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node", node}}));
    if (each == nullptr) return reel::InvalidArgument("each is NULL");
    for (const reel::StreamInfo& info : node->store().Streams()) {
      const reel_id id = FromId(info.id);
      each(context, &id, info.name.c_str());
    }
    return reel::OkStatus();
  });
}

}  // extern "C"
