#include "model/series/boosted.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace cityloom::model::series {
namespace {

// Hours of a day, and what heat adds: as of cooling, from 20 degrees on.
struct Load {
  std::vector<double> values;
  Covariate temperature{"temperature", {}};
};
Load hourly(size_t count, size_t ahead) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  Load load;
  double weather = 0;
  for (size_t i = 0; i < count + ahead; ++i) {
    const double day = std::sin(2 * M_PI * static_cast<double>(i % 24) / 24);
    weather = 0.97 * weather + normal(random);
    load.temperature.values.push_back(18 + 5 * day + 2 * weather);
    const double heat = std::max(load.temperature.values.back() - 20, 0.0);
    load.values.push_back(100 + 20 * day + 8 * heat + normal(random));
  }
  return load;
}

double error_of(const std::vector<double>& expected, Values came) {
  double sum = 0;
  for (size_t i = 0; i < came.size(); ++i) sum += std::abs(expected[i] - came[i]) / static_cast<double>(came.size());
  return sum;
}

TEST(Boosted, KnowWhatTheWeatherDoes) {
  const Load load = hourly(1'000, 48);
  const Values all(load.values), known = all.first(1'000), came = all.last(48);
  const BoostedOptions options{48, 24, 1, {0, 3'600}, 60};
  const auto with = boosted(known, options, std::vector<Covariate>{load.temperature});
  const auto without = boosted(known, options);
  ASSERT_TRUE(with.ok() && without.ok());
  EXPECT_LT(error_of(*with, came), 0.6 * error_of(*without, came));
  EXPECT_LT(error_of(*with, came), 9);
  EXPECT_EQ(*with, *boosted(known, options, std::vector<Covariate>{load.temperature}));
}

TEST(Boosted, OfLittleOrNothingAreEmptyOrFlat) {
  EXPECT_TRUE(boosted(std::vector<double>{1, 2, 3}, {5, 1, 1, {}, 10})->empty());
  EXPECT_EQ(*boosted(std::vector<double>(100, 7.0), {3, 24, 1, {}, 10}), (std::vector<double>{7, 7, 7}));
  EXPECT_TRUE(boosted(std::vector<double>(100, 7.0), {3, 90, 1, {}, 10})->empty());
  std::vector<double> huge(100, 1e99);
  huge[50] = -1e99;
  const auto some = boosted(huge, {3, 1, 1, {}, 10});
  for (const double one : *some) EXPECT_TRUE(std::isfinite(one));
}

TEST(Boosted, RefuseWhatCannotBeLearntFrom) {
  const std::vector<double> some(50, 1.0);
  EXPECT_FALSE(boosted({}, {}).ok());
  EXPECT_FALSE(boosted(some, {0, 1, 1, {}, 10}).ok());
  EXPECT_FALSE(boosted(some, {5, 0, 1, {}, 10}).ok());
  EXPECT_FALSE(boosted(some, {5, 1, 1, {}, 0}).ok());
  EXPECT_FALSE(boosted(std::vector<double>(50, std::nan("")), {5, 1, 1, {}, 10}).ok());
  EXPECT_EQ(boosted(some, {5, 1, 1, {}, 10}, std::vector<Covariate>{{"rain", {1, 2}}}).error().where,
            "covariate 'rain'");
}

}  // namespace
}  // namespace cityloom::model::series
