// Changing what streams are called and whether they are recorded. Each change is a record of the
// ledger of every volume, whose revision rules over earlier ones; footage knows UUIDs alone.
#include "engine/store/store_impl.h"

namespace reel {
namespace {

constexpr size_t kDoubtfulStreamsMax = 256;

}  // namespace

// With create_mutex_ held. All of the ledger is read first: a name that it alone knows is taken.
Status StoreImpl::CheckNewName(const std::string& name) {
  REEL_RETURN_IF_ERROR(format::CheckStreamName(name));
  ReadDeferredLedger();
  const auto taken = KnownStream(name);
  if (!taken) return OkStatus();
  const bool retired = InfoOf(*taken).retired.has_value();
  return AlreadyExists("a stream named '" + name + "' exists" +
                       (retired ? ", retired; rename it to free the name" : ""));
}

// With create_mutex_ held. A write that failed may have reached a disk: its name is in doubt, and
// goes to no other stream.
Result<StreamInfo> StoreImpl::WriteStream(const format::StreamRecord& record) {
  const std::string& name = record.row.name;
  const auto doubtful = doubtful_streams_.find(name);
  const bool in_doubt = doubtful != doubtful_streams_.end();
  if (in_doubt && doubtful->second != record.row.stream)
    return Unavailable("whether there is a stream '" + name + "' is not known: create it again");
  if (!in_doubt && doubtful_streams_.size() == kDoubtfulStreamsMax)
    return Unavailable("no volume can be written");
  if (const Status written = WriteLedger({}, record); !written.ok()) {
    doubtful_streams_[name] = record.row.stream;
    return written;
  }
  doubtful_streams_.erase(name);
  IndexBatch batch;
  batch.streams.push_back(record.row);
  feed_.Add(batch);
  return InfoOf(record);
}

Result<StreamInfo> StoreImpl::CreateStream(const std::string& name) {
  const std::lock_guard creating(create_mutex_);
  const auto doubtful = doubtful_streams_.find(name);
  return CreateStreamLocked(
      name, doubtful == doubtful_streams_.end() ? NewId<StreamId>(random_) : doubtful->second);
}

Result<StreamInfo> StoreImpl::CreateStreamAs(const std::string& name, StreamId id) {
  const std::lock_guard creating(create_mutex_);
  return CreateStreamLocked(name, id);
}

Result<StreamInfo> StoreImpl::CreateStreamLocked(const std::string& name, StreamId id) {
  REEL_RETURN_IF_ERROR(CheckWritable());
  REEL_RETURN_IF_ERROR(CheckNewName(name));
  if (const auto known = KnownStream(id)) {
    return AlreadyExists("stream " + ToString(id) + " is '" + known->row.name + "' already");
  }
  if (id.is_nil() || id == format::kLedgerStream) {
    return InvalidArgument(ToString(id) + " cannot be a stream's UUID");
  }
  format::StreamRecord record;
  record.row.stream = id;
  record.row.name = name;
  record.row.retention_class = kDefaultClass;
  record.row.created = clock_.WallNow();
  record.revision = 1;
  return WriteStream(record);
}

Result<StreamInfo> StoreImpl::RenameStream(StreamId stream, const std::string& name) {
  REEL_RETURN_IF_ERROR(CheckWritable());
  const std::lock_guard changing(create_mutex_);
  REEL_RETURN_IF_ERROR(CheckNewName(name));
  auto record = KnownStream(stream);
  if (!record) return NotFound("no stream " + ToString(stream));
  record->row.name = name;
  ++record->revision;
  REEL_ASSIGN_OR_RETURN(StreamInfo info, WriteStream(*record));
  // An index that still had the old name would be asked first after a crash. What cannot be written
  // there now is written there later.
  if (feed_.Flush(*index_).ok()) (void)index_->Sync();
  return info;
}

Result<StreamInfo> StoreImpl::RetireStream(StreamId stream, bool retired) {
  REEL_RETURN_IF_ERROR(CheckWritable());
  const std::lock_guard changing(create_mutex_);
  ReadDeferredLedger();
  const auto record = KnownStream(stream);
  if (!record) return NotFound("no stream " + ToString(stream));
  if (InfoOf(*record).retired.has_value() == retired) return InfoOf(*record);
  if (!Live(stream).empty() || InfoOf(*record).volume.value != 0) {
    return FailedPrecondition("stream '" + record->row.name +
                              "' is being recorded: stop that first");
  }
  format::RetirementRecord change{stream, retired ? clock_.WallNow() : kWallMin, 1};
  if (const auto before = ledger_.Retirement(stream)) change.revision = before->revision + 1;
  REEL_RETURN_IF_ERROR(WriteLedger({}, change));
  return InfoOf(*record);
}

Status StoreImpl::CheckNotRetired(const format::StreamRecord& record) const {
  const auto retirement = ledger_.Retirement(record.row.stream);
  if (!retirement || retirement->retired == kWallMin) return OkStatus();
  return FailedPrecondition("stream '" + record.row.name + "' is retired since " +
                            FormatWall(retirement->retired) +
                            ": 'reel streams restore' brings it back");
}

}  // namespace reel
