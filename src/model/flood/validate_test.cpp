#include "model/flood/validate.hpp"

#include <gtest/gtest.h>

namespace cityloom::model::flood {
namespace {

TEST(ValidationOfFloods, HoldsWhatIsPromised) {
  const Validation all = validate_flood();
  EXPECT_GE(all.size(), 15u);
  for (const ValidationCase& one : all) {
    EXPECT_TRUE(one.holds()) << one.name << ", " << one.quantity << ": " << one.ours << " for " << one.published
                             << ", error " << one.error << ", at most " << one.error_max;
    if (!one.picture_svg.empty()) EXPECT_TRUE(one.picture_svg.ends_with("</svg>"));
  }
}

}  // namespace
}  // namespace cityloom::model::flood
