#include "server/access/authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/access/camera_pattern.h"

namespace reel::server {
namespace {

using testing::HasSubstr;

const Identity kAlice{"uid:1000", {"uid:1000", "user:alice"}, false};

AccessRequest Ask(const Identity& who, Action action, std::string stream) {
  AccessRequest request;
  request.who = who;
  request.action = action;
  request.stream = std::move(stream);
  return request;
}

TEST(Pattern, StarStandsForAnyNumberOfCharacters) {
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("gate-*", "gate-"));
  EXPECT_TRUE(MatchesPattern("*-east", "gate-east-east"));
  EXPECT_TRUE(MatchesPattern("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(MatchesPattern("gate-*", "gat"));
  EXPECT_FALSE(MatchesPattern("gate", "gate2"));
  EXPECT_FALSE(MatchesPattern("", "x"));
  EXPECT_FALSE(MatchesPattern("a*b", "a-b-"));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a*";
  EXPECT_FALSE(MatchesPattern(many + "b", std::string(5000, 'a')));
}

TEST(Authorizer, NothingIsAllowedThatNoGrantAllows) {
  RoleAuthorizer none({});
  for (const Action action : kActions) {
    EXPECT_FALSE(none.Decide(Ask(kAlice, action, "gate")).allowed);
    EXPECT_FALSE(none.Decide(Ask({}, action, "")).allowed);
  }
  RoleAuthorizer nobody({{"", Role::kAdmin, {"*"}, false}});
  EXPECT_FALSE(nobody.Decide(Ask({}, Action::kView, "gate")).allowed);
}

// The table of docs/RPC.md, role by role.
TEST(Authorizer, RolesMayWhatTheyAreFor) {
  const std::string all(kActions.size(), '+');
  //                              LsLcTlViThExApAsRsNsVeRiRl
  EXPECT_EQ(kActions.size(), 13U);
  const std::pair<Role, std::string_view> table[] = {{Role::kViewer, "+++++........"},
                                                     {Role::kInvestigator, "++++++......."},
                                                     {Role::kOperator, "+++++.++.+..."},
                                                     {Role::kAdmin, "+++++.+++++++"}};
  for (const auto& [role, may] : table) {
    RoleAuthorizer authorizer({{"uid:1000", role, {"gate-*"}, false}});
    for (size_t i = 0; i < kActions.size(); ++i) {
      const Decision decision = authorizer.Decide(Ask(kAlice, kActions[i], "gate-1"));
      EXPECT_EQ(decision.allowed, may[i] == '+') << NameOf(role) << " " << NameOf(kActions[i]);
    }
  }
}

TEST(Authorizer, AGrantIsOfItsCamerasAndTheirSubStreams) {
  RoleAuthorizer authorizer({{"user:alice", Role::kViewer, {"gate", "yard-*"}, false}});
  EXPECT_TRUE(authorizer.Decide(Ask(kAlice, Action::kView, "gate")).allowed);
  EXPECT_TRUE(authorizer.Decide(Ask(kAlice, Action::kView, "gate.sub")).allowed);
  EXPECT_TRUE(authorizer.Decide(Ask(kAlice, Action::kView, "yard-2")).allowed);
  EXPECT_FALSE(authorizer.Decide(Ask(kAlice, Action::kView, "gate2")).allowed);
  EXPECT_FALSE(authorizer.Decide(Ask(kAlice, Action::kView, "door")).allowed);
  EXPECT_FALSE(authorizer.SeesAll(kAlice));
  EXPECT_EQ(authorizer.Decide(Ask(kAlice, Action::kAppend, "gate")).reason,
            "no role of uid:1000 may append: that takes operator or admin");
}

// Two grants do not lend each other their cameras or their roles.
TEST(Authorizer, GrantsAddUpWithoutMixing) {
  RoleAuthorizer authorizer({{"uid:1000", Role::kViewer, {"*"}, false},
                             {"uid:1000", Role::kInvestigator, {"gate"}, false}});
  EXPECT_TRUE(authorizer.Decide(Ask(kAlice, Action::kExport, "gate")).allowed);
  EXPECT_FALSE(authorizer.Decide(Ask(kAlice, Action::kExport, "yard")).allowed);
  EXPECT_TRUE(authorizer.Decide(Ask(kAlice, Action::kView, "yard")).allowed);
  EXPECT_TRUE(authorizer.SeesAll(kAlice));
}

TEST(Authorizer, WhatTakesFootageAwayNeedsAPurposeOverTcp) {
  const Identity remote{"cn:bob", {"cn:bob"}, true};
  RoleAuthorizer authorizer({{"cn:bob", Role::kInvestigator, {"*"}, false}});
  AccessRequest request = Ask(remote, Action::kExport, "gate");
  EXPECT_TRUE(authorizer.Decide(request).allowed);  // a glance
  request.weighty = true;
  EXPECT_THAT(authorizer.Decide(request).reason,
              HasSubstr("purpose, requester, performer, case_number is missing"));
  request.purpose = {"theft", "police", "bob", ""};
  EXPECT_THAT(authorizer.Decide(request).reason, HasSubstr(": case_number is missing"));
  request.purpose.case_number = "7";
  EXPECT_TRUE(authorizer.Decide(request).allowed);
}

TEST(Authorizer, AGrantCanAskForAPurposeLocally) {
  RoleAuthorizer authorizer({{"uid:1000", Role::kInvestigator, {"*"}, true},
                             {"uid:1000", Role::kInvestigator, {"*"}, false}});
  AccessRequest request = Ask(kAlice, Action::kExport, "gate");
  request.weighty = true;
  EXPECT_FALSE(authorizer.Decide(request).allowed);
}

TEST(Authorizer, WhatIsWithdrawnIsRefusedFromThenOn) {
  RoleAuthorizer authorizer({{"uid:1000", Role::kViewer, {"*"}, false}});
  EXPECT_TRUE(authorizer.Decide(Ask(kAlice, Action::kView, "gate")).allowed);
  authorizer.Update({});
  EXPECT_FALSE(authorizer.Decide(Ask(kAlice, Action::kView, "gate")).allowed);
}

}  // namespace
}  // namespace reel::server
