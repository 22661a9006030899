// Printing on stdout: text and JSON. Every call puts out whole lines, so that several threads may
// print. That all of it arrived is checked once, at the end (FlushOutput).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "reel/status.h"
#include "reel/time.h"
#include "reel/unit.h"

namespace reel {

using Json = nlohmann::ordered_json;

void PrintLine(const std::string& line);
// The same as it stands, with line ends of its own.
void PrintText(const std::string& text);

// On one line and flushed at once: a reader may act on it.
void PrintJson(const Json& json);

// Unavailable: stdout did not take everything (disk full, closed pipe).
Status FlushOutput();

// "1 unit", "2 units".
std::string Count(uint64_t count, const std::string& noun);

// "begin .. end" in the user's time zone (tools/local_time.h).
std::string RangeText(WallRange range);
Json RangeJson(WallRange range);

// "h264 1920x1080", "aac 48000 Hz".
std::string TrackText(const TrackInfo& track);

// "yes", "no".
std::string YesNo(bool yes);

// Prints one line on stderr, "reel: ...".
void PrintMessage(const std::string& message);

// The text on one line: what messages of files and libraries become before they are printed.
std::string OneLine(std::string text);

}  // namespace reel
