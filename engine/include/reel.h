// reel.h: Reel for C, and for everything that calls C. Records units of video, audio and data, says
// when they are durable, finds a moment, reads it back. The words and rules are those of
// reel/node.h and reel/store.h, where more is said; docs/EMBEDDING.md has an example.
//
// ABI. What is declared here stays binary compatible as long as the library is libreel.so.0:
// functions and values are added, none is changed or taken away, and structs that begin with
// `struct_bytes` grow at their end. Set that member to sizeof the struct and the rest to zero
// before filling in; zero is everywhere the default. A struct that is larger than the library
// knows is refused (REEL_INVALID_ARGUMENT) where it asks for something with what is unknown, and is
// left as it is there where the library fills it in. Structs without that member never change.
//
// Errors. Functions return REEL_OK or another reel_code, and say more in `status`, if it is not
// NULL. What they give through an out pointer is then NULL or untouched. No exception passes.
// The library never prints and never exits. It aborts when it finds an invariant of its own broken,
// or memory at an end where it cannot say so, having told the log (reel_log_fn) why.
// Threads. All functions may be called from any thread at once, but for those of one run or one
// cursor: one thread at a time. A handle is freed once, when no call uses it any more. Callbacks
// run on a delivery thread of the library, never on the one that writes; they must not call back
// into Reel, must not throw, and should not wait.
// Ownership. What comes through an out pointer is the caller's and is freed by the function named
// with it. Runs, cursors and timelines are freed before their node. Arguments are copied.
// Blocking is said of each function; those that say nothing take locks for microseconds at most.
//
// Times are nanoseconds of UTC since 1970 (`_ns`), ranges half-open. Strings are UTF-8.
#pragma once

// NOLINTBEGIN: C, with headers and names of C.
#include <stddef.h>
#include <stdint.h>

#include "reel/visibility.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Values ----

// The canonical gRPC codes. Three have one reaction each: DATA_LOSS: repair from a copy;
// RESOURCE_EXHAUSTED: shed or wait; UNAVAILABLE: try again later, or elsewhere.
typedef enum reel_code {
  REEL_OK = 0,
  REEL_CANCELLED = 1,
  REEL_UNKNOWN = 2,
  REEL_INVALID_ARGUMENT = 3,
  REEL_DEADLINE_EXCEEDED = 4,
  REEL_NOT_FOUND = 5,
  REEL_ALREADY_EXISTS = 6,
  REEL_PERMISSION_DENIED = 7,
  REEL_RESOURCE_EXHAUSTED = 8,
  REEL_FAILED_PRECONDITION = 9,
  REEL_ABORTED = 10,
  REEL_OUT_OF_RANGE = 11,
  REEL_UNIMPLEMENTED = 12,
  REEL_INTERNAL = 13,
  REEL_UNAVAILABLE = 14,
  REEL_DATA_LOSS = 15
} reel_code;

typedef struct reel_status {
  int32_t code;          // reel_code
  int32_t system_errno;  // the errno it came from, or 0
  char message[504];     // one line, ends with a 0; what, where, what to do
} reel_status;

typedef struct reel_id {
  uint8_t bytes[16];  // a UUID: of a stream or of a run
} reel_id;

typedef enum reel_log_level {
  REEL_LOG_INFO = 0,
  REEL_LOG_WARNING = 1,
  REEL_LOG_ERROR = 2
} reel_log_level;
// `message` ends with a 0 and lives until the function returns. Any thread, never under a lock but
// for the last words before an abort.
typedef void (*reel_log_fn)(void* context, int32_t level, const char* message);

typedef enum reel_track_kind { REEL_VIDEO = 1, REEL_AUDIO = 2, REEL_DATA = 3 } reel_track_kind;
typedef enum reel_codec {
  REEL_H264 = 1,
  REEL_H265 = 2,
  REEL_AAC = 16,
  REEL_PCM_A_LAW = 17,
  REEL_PCM_MU_LAW = 18,
  REEL_OPUS = 19,
  REEL_ONVIF_METADATA = 32,
  REEL_OPAQUE = 33
} reel_codec;

// As reel::TrackInfo (reel/unit.h). Never changes.
typedef struct reel_track {
  uint8_t id;          // unique within its run
  uint8_t kind;        // reel_track_kind
  uint16_t codec;      // reel_codec
  uint32_t timescale;  // units of pts and dts per second
  uint32_t width;
  uint32_t height;
  uint32_t sample_rate_hz;
  uint32_t channels;
  const void* config;  // parameter sets or decoder configuration
  uint64_t config_bytes;
} reel_track;

typedef enum reel_unit_flag {
  REEL_UNIT_CLEAN = 1,  // decoding may start here
  REEL_UNIT_OPEN_GOP = 2,
  REEL_UNIT_INTRA_REFRESH = 4,
  REEL_UNIT_NO_PICTURE = 8,
  REEL_UNIT_LOSS_BEFORE = 16
} reel_unit_flag;

typedef enum reel_gap_cause {
  REEL_GAP_UNKNOWN = 0,
  REEL_GAP_NOT_RECORDED = 1,
  REEL_GAP_SOURCE_LOST = 2,
  REEL_GAP_OVERLOAD = 3,
  REEL_GAP_DISK_ERROR = 4,
  REEL_GAP_DISK_FULL = 5,
  REEL_GAP_RECORDER_DOWN = 6,
  REEL_GAP_EXPIRED = 7,
  REEL_GAP_VOLUME_OFFLINE = 8,
  REEL_GAP_DAMAGED = 9,
  REEL_GAP_LOGIN_REFUSED = 10,
  REEL_GAP_SOURCE_STALLED = 11,
  REEL_GAP_PACKETS_LOST = 12,
  REEL_GAP_OFF_SCHEDULE = 13
} reel_gap_cause;

// A stretch of time without footage. Never changes.
typedef struct reel_gap {
  int64_t begin_ns;
  int64_t end_ns;
  int32_t cause;  // reel_gap_cause
  int32_t reserved;
  uint64_t units_lost;  // 0 if not known
} reel_gap;

REEL_API const char* reel_version(void);            // "0.1.0"; lives for ever
REEL_API const char* reel_code_name(int32_t code);  // "NotFound"; likewise
REEL_API const char* reel_gap_name(int32_t cause);  // "source-lost"; likewise
// 8-4-4-4-12 lower-case hex and a 0.
REEL_API void reel_id_text(const reel_id* id, char text[37]);

// ---- A node ----

typedef struct reel_volume_options {
  size_t struct_bytes;
  const char* path;        // a directory that is there, on the disk to record to
  uint64_t bytes;          // how much of it may be used; 0: what is free, less 2 %
  uint64_t segment_bytes;  // 0: 1 GiB, smaller on small volumes
  uint32_t granule_bytes;  // 0: as probed
  int32_t reserved;
  const char* placement;  // NULL or "auto", "log", "gop"
} reel_volume_options;

// Makes directory `node_path` a node, if it is none, and gives it a volume. Durable on return.
// Blocks: syncs files. REEL_NOT_FOUND, REEL_ALREADY_EXISTS, REEL_INVALID_ARGUMENT,
// REEL_RESOURCE_EXHAUSTED.
REEL_API int32_t reel_init(const char* node_path, const reel_volume_options* volume,
                           reel_status* status);

typedef struct reel_open_options {
  size_t struct_bytes;
  int32_t read_only;  // not 0: writes no byte anywhere, also beside a writer
  int32_t reserved;
  uint64_t buffer_bytes;         // of all streams together; 0: 256 MiB
  uint64_t stream_buffer_bytes;  // of one stream; 0: 16 MiB
  uint64_t index_cache_bytes;    // 0: 32 MiB
  int64_t flush_interval_ns;     // 50 ms to 2 s; 0: 250 ms
  reel_log_fn log;               // may be NULL
  void* log_context;
} reel_open_options;

typedef struct reel_node reel_node;

// Recording may begin on return, whatever a crash left. `options` may be NULL. Blocks: reads heads
// of segments and the ledger, seconds at most. REEL_NOT_FOUND (not a node),
// REEL_FAILED_PRECONDITION (in use by another process, which is named; another disk; newer format).
REEL_API int32_t reel_open(const char* node_path, const reel_open_options* options,
                           reel_node** node, reel_status* status);

// Ends in order what is still being recorded, makes everything durable, and frees the node, also
// when it returns an error: REEL_UNAVAILABLE: not everything could be written. With a run, cursor
// or timeline that was not freed it is REEL_FAILED_PRECONDITION, and nothing has happened. Blocks
// until all is on disk, at most 90 s. NULL is REEL_OK.
REEL_API int32_t reel_close(reel_node* node, reel_status* status);

// Names have 1 to 255 bytes without control characters. Durable on return. Blocks: one sync.
// REEL_ALREADY_EXISTS, REEL_INVALID_ARGUMENT.
REEL_API int32_t reel_create_stream(reel_node* node, const char* name, reel_id* stream,
                                    reel_status* status);
// By name or UUID. May block for reads after a crash. REEL_NOT_FOUND suggests the nearest name.
REEL_API int32_t reel_find_stream(reel_node* node, const char* name_or_id, reel_id* stream,
                                  reel_status* status);
// Calls `each` for every stream, from this thread, before it returns; `name` lives until `each`
// returns, which may call back into Reel.
typedef void (*reel_stream_fn)(void* context, const reel_id* stream, const char* name);
REEL_API int32_t reel_list_streams(reel_node* node, reel_stream_fn each, void* context,
                                   reel_status* status);

// ---- Recording ----

// How many units of a run, from the first on without a hole, have come how far. Never changes.
typedef struct reel_watermarks {
  uint64_t accepted;  // in memory
  uint64_t written;   // the device has taken them
  uint64_t durable;   // survive a power cut, to the device's flush
} reel_watermarks;
// Called in order as `durable` rises.
typedef void (*reel_durable_fn)(void* context, const reel_watermarks* marks);

typedef struct reel_run_options {
  size_t struct_bytes;
  const reel_track* tracks;
  size_t track_count;     // 1 to 16
  const reel_id* resume;  // not NULL: continues that run; units that it has are stored once
  uint32_t wall_uncertainty_us;
  int32_t reserved;
  reel_durable_fn on_durable;  // may be NULL
  void* on_durable_context;    // lives until the node is closed
} reel_run_options;

typedef struct reel_run reel_run;

// A run is one unbroken ingest of a stream. Blocks only with `resume`: reads the index.
// REEL_NOT_FOUND (no such stream), REEL_ALREADY_EXISTS (that run is being written),
// REEL_UNAVAILABLE (no volume can be written), REEL_INVALID_ARGUMENT (tracks).
REEL_API int32_t reel_begin_run(reel_node* node, const reel_id* stream,
                                const reel_run_options* options, reel_run** run,
                                reel_status* status);
REEL_API void reel_run_id(const reel_run* run, reel_id* id);

typedef struct reel_unit {
  size_t struct_bytes;
  uint64_t number;  // in its run, from 0, all tracks counted together
  uint8_t track;
  uint8_t flags;  // reel_unit_flag
  uint16_t reserved16;
  int32_t reserved;
  int64_t pts;  // in the track's timescale
  int64_t dts;
  int64_t wall_ns;   // when it was captured
  const void* data;  // video: NAL units, each behind a 4-byte big-endian length
  uint64_t data_bytes;
} reel_unit;

typedef enum reel_append_mode {
  REEL_LIVE = 0,  // never waits: without room units are shed up to the next clean point
  REEL_BULK = 1   // waits for room, at most 30 s
} reel_append_mode;

// Takes the unit into memory, copying it; it is durable only when reel_wait_durable, the watermarks
// or the callback say so. REEL_LIVE does not block. REEL_INVALID_ARGUMENT; REEL_RESOURCE_EXHAUSTED
// (shed, or no memory: it will not be stored); REEL_UNAVAILABLE; REEL_FAILED_PRECONDITION (ended).
REEL_API int32_t reel_append(reel_run* run, const reel_unit* unit, int32_t mode,
                             reel_status* status);
// Tracks or parameter sets from the next unit on.
REEL_API int32_t reel_set_tracks(reel_run* run, const reel_track* tracks, size_t track_count,
                                 reel_status* status);
// Has everything accepted written now instead of at the next interval.
REEL_API void reel_flush(reel_run* run);
REEL_API void reel_get_watermarks(const reel_run* run, reel_watermarks* marks);
// Blocks until every accepted unit below `end` is durable: REEL_DEADLINE_EXCEEDED after `wait_ns`.
REEL_API int32_t reel_wait_durable(reel_run* run, uint64_t end, int64_t wait_ns,
                                   reel_status* status);

typedef enum reel_end_cause {
  REEL_END_OPEN = 0,  // as if the producer vanished
  REEL_END_ENDED = 1,
  REEL_END_SOURCE_LOST = 2,
  REEL_END_TIME_BREAK = 3,
  REEL_END_SHUTDOWN = 4
} reel_end_cause;
// Ends and frees the run, also when it returns an error. What was accepted becomes durable by and
// by; wait for it before, where that matters. NULL is REEL_OK.
REEL_API int32_t reel_end_run(reel_run* run, int32_t cause, reel_status* status);

// ---- Finding and reading ----

typedef enum reel_seek_rule {
  REEL_SEEK_AT_OR_BEFORE = 0,  // in a gap: the next one forward
  REEL_SEEK_BACKWARD = 1       // in a gap: the last one before
} reel_seek_rule;

// Where a seek led: the clean point from which decoding shows the moment asked for.
typedef struct reel_seek_point {
  size_t struct_bytes;
  reel_id run;
  int64_t begin_ns;
  uint64_t unit;
  int64_t pre_roll_ns;  // asked time minus begin when that lies in this footage, else 0
  int32_t in_gap;       // not 0: the asked time is in no footage
  int32_t durable;      // 0: still in memory alone
} reel_seek_point;

// Blocks: at most a few reads. REEL_NOT_FOUND (no footage on that side).
REEL_API int32_t reel_seek(reel_node* node, const reel_id* stream, int64_t time_ns, int32_t rule,
                           reel_seek_point* point, reel_status* status);

typedef enum reel_cursor_mode {
  REEL_FORWARD = 0,       // every unit in decode order
  REEL_CLEAN_POINTS = 1,  // clean points alone
  REEL_REVERSE = 2        // GOPs from the latest back, units inside each forward
} reel_cursor_mode;

typedef struct reel_cursor_options {
  size_t struct_bytes;
  int64_t begin_ns;  // both 0: everything
  int64_t end_ns;
  int32_t mode;             // reel_cursor_mode
  int32_t follow;           // not 0, REEL_FORWARD: goes on with what is recorded meanwhile
  int64_t min_interval_ns;  // REEL_CLEAN_POINTS: at least this far apart
} reel_cursor_options;

typedef struct reel_cursor reel_cursor;

typedef enum reel_item_kind {
  REEL_ITEM_UNIT = 0,
  REEL_ITEM_TRACKS = 1,     // in force from here on
  REEL_ITEM_RUN_BEGIN = 2,  // a run begins or is joined
  REEL_ITEM_GAP = 3,
  REEL_ITEM_DAMAGE = 4,  // `message` says what could not be verified; reading goes on behind it
  REEL_ITEM_END = 5      // of the range, or of what there is
} reel_item_kind;

// What is not named for its kind is 0. Pointers live until the next call with the cursor.
typedef struct reel_item {
  size_t struct_bytes;
  int32_t kind;       // reel_item_kind
  int32_t durable;    // 0: still in memory alone
  int32_t gop_begin;  // UNIT: the first one of a clean point's GOP
  uint8_t track;      // UNIT: what follows too
  uint8_t flags;
  uint16_t reserved16;
  reel_id run;  // all but GAP and END
  uint64_t number;
  int64_t pts;
  int64_t dts;
  int64_t wall_ns;
  const void* data;
  uint64_t data_bytes;
  const reel_track* tracks;  // TRACKS
  size_t track_count;
  reel_gap gap;  // GAP
  int32_t code;  // DAMAGE: reel_code
  int32_t reserved;
  const char* message;  // DAMAGE
} reel_item;

// `options` may be NULL: everything, forward. Blocks: at most a few reads.
REEL_API int32_t reel_read(reel_node* node, const reel_id* stream,
                           const reel_cursor_options* options, reel_cursor** cursor,
                           reel_status* status);
// The next item; every byte of a unit has been verified. Blocks: reads up to 8 MiB; at the end with
// `follow` up to `wait_ns` for more, and may be called again after REEL_ITEM_END.
REEL_API int32_t reel_next(reel_cursor* cursor, int64_t wait_ns, reel_item* item,
                           reel_status* status);
REEL_API void reel_free_cursor(reel_cursor* cursor);  // NULL is allowed

// ---- A timeline ----

// Footage of one run. Never changes.
typedef struct reel_span {
  int64_t begin_ns;
  int64_t end_ns;
  reel_id run;
  int32_t end_cause;  // reel_end_cause
  int32_t reserved;
} reel_span;

typedef enum reel_bucket { REEL_HOUR = 0, REEL_DAY = 1 } reel_bucket;
// Totals of an hour or a day of UTC. Never changes.
typedef struct reel_coverage {
  int64_t begin_ns;
  int64_t covered_ns;
  uint64_t bytes;
  uint32_t gops;
  int32_t reserved;
} reel_coverage;

typedef struct reel_timeline reel_timeline;

// What there is of a stream in a range, and why not where there is nothing. Blocks: reads the
// index.
REEL_API int32_t reel_get_timeline(reel_node* node, const reel_id* stream, int64_t begin_ns,
                                   int64_t end_ns, int32_t bucket, reel_timeline** timeline,
                                   reel_status* status);
// All ascending; the arrays are the timeline's.
REEL_API const reel_span* reel_timeline_spans(const reel_timeline* timeline, size_t* count);
REEL_API const reel_gap* reel_timeline_gaps(const reel_timeline* timeline, size_t* count);
REEL_API const reel_coverage* reel_timeline_coverage(const reel_timeline* timeline, size_t* count);
REEL_API void reel_free_timeline(reel_timeline* timeline);  // NULL is allowed

#ifdef __cplusplus
}
#endif
// NOLINTEND
