#include "engine/store/edge_store.h"

#include <utility>

#include "engine/base/edge.h"

namespace reel {
namespace {

class EdgeWriter final : public RunWriter {
 public:
  explicit EdgeWriter(std::unique_ptr<RunWriter> writer) : writer_(std::move(writer)) {}

  RunId run() const override { return writer_->run(); }
  Status Append(UnitNumber number, const UnitView& unit, AppendMode mode) override {
    return AtEdge([&] { return writer_->Append(number, unit, mode); });
  }
  Status SetTracks(const std::vector<TrackInfo>& tracks) override {
    return AtEdge([&] { return writer_->SetTracks(tracks); });
  }
  Watermarks watermarks() const override { return writer_->watermarks(); }
  Status WaitDurable(UnitNumber end, Duration wait) override {
    return AtEdge([&] { return writer_->WaitDurable(end, wait); });
  }
  void Flush() override {
    AtEdgeOrDie("RunWriter::Flush", [&] { writer_->Flush(); });
  }
  Status End(EndCause cause) override {
    return AtEdge([&] { return writer_->End(cause); });
  }

 private:
  std::unique_ptr<RunWriter> writer_;
};

class EdgeCursor final : public Cursor {
 public:
  explicit EdgeCursor(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}

  Result<Item> Next(Duration wait) override {
    return AtEdge([&] { return cursor_->Next(wait); });
  }

 private:
  std::unique_ptr<Cursor> cursor_;
};

class EdgeMp4 final : public VirtualMp4 {
 public:
  explicit EdgeMp4(std::unique_ptr<VirtualMp4> file) : file_(std::move(file)) {}

  uint64_t size_bytes() const override { return file_->size_bytes(); }
  const std::string& media_type() const override { return file_->media_type(); }
  const std::string& identity() const override { return file_->identity(); }
  const ExportInfo& info() const override { return file_->info(); }
  size_t frame_count() const override { return file_->frame_count(); }
  ExportFrame frame(size_t index) const override { return file_->frame(index); }
  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    return AtEdge([&] { return file_->Read(offset_bytes, into); });
  }
  Result<ContentId> ContentIdOf(size_t chunk) override {
    return AtEdge([&] { return file_->ContentIdOf(chunk); });
  }

 private:
  std::unique_ptr<VirtualMp4> file_;
};

class EdgeStore final : public Store {
 public:
  explicit EdgeStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  Result<StreamInfo> CreateStream(const std::string& name) override {
    return AtEdge([&] { return store_->CreateStream(name); });
  }
  Result<StreamInfo> CreateStreamAs(const std::string& name, StreamId id) override {
    return AtEdge([&] { return store_->CreateStreamAs(name, id); });
  }
  Result<StreamInfo> RenameStream(StreamId stream, const std::string& name) override {
    return AtEdge([&] { return store_->RenameStream(stream, name); });
  }
  Result<StreamInfo> RetireStream(StreamId stream, bool retired) override {
    return AtEdge([&] { return store_->RetireStream(stream, retired); });
  }
  Result<StreamInfo> FindStream(const std::string& name_or_id) override {
    return AtEdge([&] { return store_->FindStream(name_or_id); });
  }
  std::vector<StreamInfo> Streams() override {
    return AtEdgeOrDie("Store::Streams", [&] { return store_->Streams(); });
  }
  Result<std::unique_ptr<RunWriter>> BeginRun(StreamId stream, const RunOptions& options) override {
    return AtEdge([&]() -> Result<std::unique_ptr<RunWriter>> {
      REEL_ASSIGN_OR_RETURN(auto writer, store_->BeginRun(stream, options));
      return std::unique_ptr<RunWriter>(std::make_unique<EdgeWriter>(std::move(writer)));
    });
  }
  Status RecordGap(const GapRow& gap) override {
    return AtEdge([&] { return store_->RecordGap(gap); });
  }
  Status RecordImport(const ImportRow& import) override {
    return AtEdge([&] { return store_->RecordImport(import); });
  }
  std::vector<ImportRow> Imports() override {
    return AtEdgeOrDie("Store::Imports", [&] { return store_->Imports(); });
  }
  Result<SeekPoint> Seek(StreamId stream, WallTime time, SeekRule rule) override {
    return AtEdge([&] { return store_->Seek(stream, time, rule); });
  }
  std::vector<StreamMoment> SeekAll(const std::vector<StreamId>& streams, WallTime time,
                                    SeekRule rule) override {
    return AtEdgeOrDie("Store::SeekAll", [&] { return store_->SeekAll(streams, time, rule); });
  }
  Result<std::optional<Absence>> WhyNothing(StreamId stream, WallTime time) override {
    return AtEdge([&] { return store_->WhyNothing(stream, time); });
  }
  Result<std::unique_ptr<Cursor>> Read(StreamId stream, const CursorOptions& options) override {
    return AtEdge([&]() -> Result<std::unique_ptr<Cursor>> {
      REEL_ASSIGN_OR_RETURN(auto cursor, store_->Read(stream, options));
      return std::unique_ptr<Cursor>(std::make_unique<EdgeCursor>(std::move(cursor)));
    });
  }
  Result<Timeline> GetTimeline(StreamId stream, WallRange range, Bucket bucket) override {
    return AtEdge([&] { return store_->GetTimeline(stream, range, bucket); });
  }
  Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenExport(
      StreamId stream, const ExportOptions& options) override {
    return AtEdge([&]() -> Result<std::vector<std::unique_ptr<VirtualMp4>>> {
      REEL_ASSIGN_OR_RETURN(auto files, store_->OpenExport(stream, options));
      for (std::unique_ptr<VirtualMp4>& file : files)
        file = std::make_unique<EdgeMp4>(std::move(file));
      return files;
    });
  }
  std::vector<VolumeInfo> Volumes() override {
    return AtEdgeOrDie("Store::Volumes", [&] { return store_->Volumes(); });
  }
  Result<std::vector<SegmentRow>> Segments(VolumeNo volume) override {
    return AtEdge([&] { return store_->Segments(volume); });
  }
  StoreCounters counters() override {
    return AtEdgeOrDie("Store::counters", [&] { return store_->counters(); });
  }
  Result<VerifyReport> Verify(const VerifyOptions& options) override {
    return AtEdge([&] { return store_->Verify(options); });
  }
  void RebuildIndex() override {
    AtEdgeOrDie("Store::RebuildIndex", [&] { store_->RebuildIndex(); });
  }
  bool RunOnce(Duration wait) override {
    return AtEdgeOrDie("Store::RunOnce", [&] { return store_->RunOnce(wait); });
  }
  Status WaitIdle(Duration wait) override {
    return AtEdge([&] { return store_->WaitIdle(wait); });
  }
  Status Close() override {
    return AtEdge([&] { return store_->Close(); });
  }

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace

std::unique_ptr<Store> NewEdgeStore(std::unique_ptr<Store> store) {
  return std::make_unique<EdgeStore>(std::move(store));
}

}  // namespace reel
