#include "trust/trust.hpp"

#include <gtest/gtest.h>

namespace cityloom::trust {
namespace {

TEST(Gate, OpenSaysYesAndClosedSaysNoWithItsReason) {
  const auto open = make_open_gate();
  const auto closed = make_closed_gate("closed for maintenance");
  for (const Action action : {Action::look, Action::read, Action::write, Action::subscribe, Action::administer}) {
    EXPECT_TRUE(open->decide({}, action, {}).allow) << name_of(action);
    EXPECT_FALSE(closed->decide({}, action, {}).allow) << name_of(action);
    EXPECT_EQ(closed->decide({}, action, {}).reason, "closed for maintenance");
  }
}

}  // namespace
}  // namespace cityloom::trust
