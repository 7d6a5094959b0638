// What is published about series and scores, held.
#include "model/series/validate.hpp"

#include <gtest/gtest.h>

#include "model/scores/validate.hpp"

namespace cityloom::model {
namespace {

void expect_to_hold(const Validation& all) {
  EXPECT_FALSE(all.empty());
  for (const ValidationCase& one : all) {
    EXPECT_TRUE(one.holds()) << one.name << ": " << one.ours << " for " << one.published;
    EXPECT_NE(one.picture_svg.find("</svg>"), std::string::npos);
    EXPECT_EQ(one.picture_svg.find("nan"), std::string::npos) << one.name;
  }
}

TEST(Validations, OfSeriesHold) {
  expect_to_hold(series::validate_series());
}
TEST(Validations, OfScoresHold) {
  expect_to_hold(scores::validate_scores());
}

}  // namespace
}  // namespace cityloom::model
