// CursorBase: what the cursors of each mode share: stretches go in, items come out.
//
// Private to the cursors of this box. Thread rule and bounds: engine/store/cursor.h.
#pragma once

#include "engine/store/cursor.h"
#include "engine/store/narrator.h"
#include "engine/store/stretch_reader.h"

namespace reel {

class CursorBase : public Cursor {
 public:
  Result<Item> Next(Duration wait) override;

 protected:
  static constexpr size_t kRows = 64;
  static constexpr size_t kRowsMax = 4096;

  CursorBase(Footage& footage, StreamId stream, const CursorOptions& options)
      : footage_(footage),
        stream_(stream),
        options_(options),
        reader_(footage, stream),
        narrator_(footage, stream, options.mode == CursorMode::kCleanPoints) {}

  // Opens the next stretch in reader_. False: there is none, for now.
  virtual Result<bool> OpenNext() = 0;
  // Whether this unit is given.
  virtual bool Wants(const Unit& unit) const { return unit.wall < options_.range.end; }
  // Seen before the narrator takes it.
  virtual void Note(const StretchReader::Step& /*step*/) {}

  // NOLINTBEGIN(misc-non-private-member-variables-in-classes): private to the cursors of this box.
  Footage& footage_;
  const StreamId stream_;
  const CursorOptions options_;
  StretchReader reader_;
  Narrator narrator_;
  bool ended_ = false;  // nothing will come any more, even with `follow`
                        // NOLINTEND(misc-non-private-member-variables-in-classes)

 private:
  Status Step();

  uint64_t seen_ = 0;   // of Footage::WaitForMore
  bool began_ = false;  // a stretch has been opened
};

std::unique_ptr<Cursor> NewForwardCursor(Footage& footage, StreamId stream,
                                         const CursorOptions& options);
std::unique_ptr<Cursor> NewReverseCursor(Footage& footage, StreamId stream,
                                         const CursorOptions& options);
std::unique_ptr<Cursor> NewCleanPointCursor(Footage& footage, StreamId stream,
                                            const CursorOptions& options);

}  // namespace reel
