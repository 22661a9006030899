// Files recorded to streams, all at once: what `reel import` and `reel record` have in common.
//
// Thread rule: one call at a time.
#pragma once

#include <string>
#include <vector>

#include "tools/importer.h"
#include "tools/node_session.h"

namespace reel {

// FILE, to the stream named like it, or NAME=FILE unless a file of that whole name is there.
ImportPlan PlanOfFile(const std::string& text);

// InvalidArgument: two files for one stream, more than can keep pace at once.
Status CheckPlans(const std::vector<ImportPlan>& plans);

struct ImportManner {
  std::string what;   // "import", in messages
  bool json = false;  // a line for each step of durability and each end, instead of text
};

// Records them, closes the session and tells what became of each. The first error; Cancelled when a
// signal came: everything accepted is durable even so.
// REQUIRES: at least one plan; all are paced or none is.
Status ImportAndReport(NodeSession& session, const Interrupt& interrupt,
                       std::vector<ImportPlan> plans, const ImportManner& manner);

}  // namespace reel
