#include "model/sun/validation.hpp"

#include <gtest/gtest.h>

namespace cityloom::model::sun {
namespace {

TEST(Validation, AllThatIsPublishedHolds) {
  const Validation all = validate_sun();
  EXPECT_GE(all.size(), 9u);
  for (const ValidationCase& one : all) {
    EXPECT_TRUE(one.holds()) << one.name << ", " << one.quantity << ": " << one.ours << " for " << one.published;
    EXPECT_TRUE(one.picture_svg.starts_with("<svg") && one.picture_svg.ends_with("</svg>"));
  }
}

}  // namespace
}  // namespace cityloom::model::sun
