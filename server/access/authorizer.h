// Authorizer: whether somebody may do something. Every call asks it, and a stream that goes on asks
// it again every 30 s, so what is withdrawn ends.
//
// The seam for what is to come (territories, accounts): whoever answers in another way implements
// this.
// Thread rule: all calls from any thread at once.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reel/time.h"
#include "server/access/action.h"
#include "server/access/identity.h"
#include "server/access/purpose.h"
#include "server/config/grants.h"

namespace reel::server {

struct AccessRequest {
  Identity who;
  Action action = Action::kListStreams;
  std::string stream;  // its name; empty with actions of the node, and to ask "of any camera"
  std::optional<WallRange> range;
  // The action takes footage away, or looks for longer than a glance.
  bool weighty = false;
  Purpose purpose;
};

struct Decision {
  bool allowed = false;
  std::string reason;  // one line, of the refusal or of the grant that allowed it
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual Decision Decide(const AccessRequest& request) = 0;
  // May see anything of every camera there is or may come: only then is a name that is unknown told
  // from one that is hidden.
  virtual bool SeesAll(const Identity& who) = 0;
};

// Roles x camera patterns. Nothing is allowed that no grant allows.
class RoleAuthorizer : public Authorizer {
 public:
  explicit RoleAuthorizer(std::vector<Grant> grants);

  // From now on; streams that go on notice within 30 s.
  void Update(std::vector<Grant> grants);

  Decision Decide(const AccessRequest& request) override;
  bool SeesAll(const Identity& who) override;

 private:
  std::shared_ptr<const std::vector<Grant>> grants();

  std::mutex mutex_;
  std::shared_ptr<const std::vector<Grant>> grants_;
};

}  // namespace reel::server
