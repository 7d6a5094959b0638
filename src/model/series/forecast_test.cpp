#include "model/series/forecast.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "model/series/evaluate.hpp"

namespace cityloom::model::series {
namespace {

std::vector<double> hours(size_t count, double noise, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, noise);
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) {
    const double day = std::sin(2 * M_PI * static_cast<double>(i % 24) / 24);
    const double weekend = i / 24 % 7 >= 5 ? -15 : 0;
    values.push_back(100 + 30 * day + weekend + normal(random));
  }
  return values;
}

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Forecasts, FollowDayAndWeek) {
  const std::vector<double> all = hours(24 * 35 + 48, 1, 1);
  const Values known = Values(all).first(24 * 35), came = Values(all).last(48);
  const auto result = forecast(known, {48, 24, 0});
  ASSERT_TRUE(result.ok());
  EXPECT_LT(symmetric_error(came, result->middle), 2);
  EXPECT_LT(symmetric_error(came, result->middle), symmetric_error(came, seasonal_naive(known, 48, 24)));
}

TEST(Forecasts, OfTheSameAreTheSameToTheLastBit) {
  const std::vector<double> values = hours(600, 5, 2);
  EXPECT_EQ(forecast(values, {48, 24, 0})->middle, forecast(values, {48, 24, 0})->middle);
}

TEST(Forecasts, SayHowSureTheyAre) {
  std::array<size_t, 3> inside{};
  size_t steps = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    const std::vector<double> all = hours(24 * 25 + 48, 8, seed);
    const auto result = forecast(Values(all).first(24 * 25), {48, 24, 0});
    for (size_t k = 0; k < inside.size(); ++k) {
      for (size_t i = 0; i < 48; ++i) {
        const double came = all[24 * 25 + i];
        inside[k] += result->intervals[k].lower[i] <= came && came <= result->intervals[k].upper[i] ? 1 : 0;
      }
    }
    steps += 48;
  }
  const auto part = [&](size_t k) { return static_cast<double>(inside[k]) / static_cast<double>(steps); };
  EXPECT_NEAR(part(0), 0.5, 0.08);
  EXPECT_NEAR(part(1), 0.8, 0.06);
  EXPECT_NEAR(part(2), 0.9, 0.05);
}

TEST(Forecasts, OfLittleAreStillForecasts) {
  for (const std::vector<double>& values : std::vector<std::vector<double>>{
           {5}, {5, 5}, {1, 2, 3}, std::vector<double>(100, 7.0), std::vector<double>(30, 0.0), {1e99, -1e99, 1e99}}) {
    for (const size_t period : {1u, 7u, 24u}) {
      const auto result = forecast(values, {10, period, 0});
      ASSERT_TRUE(result.ok());
      for (size_t i = 0; i < 10; ++i) {
        EXPECT_TRUE(std::isfinite(result->middle[i])) << values.size() << " " << period;
        EXPECT_LE(result->intervals[2].lower[i], result->intervals[2].upper[i]);
      }
    }
  }
  EXPECT_DOUBLE_EQ(forecast(std::vector<double>(100, 7.0), {3, 24, 0})->middle[2], 7);
}

TEST(Forecasts, RefuseWhatIsNoSeries) {
  EXPECT_EQ(forecast({}, {10, 1, 0}).error().code, base::Code::invalid);
  const std::vector<double> odd{1, std::numeric_limits<double>::quiet_NaN(), 3};
  EXPECT_EQ(forecast(odd, {10, 1, 0}).error().where, "value 2");
  const std::vector<double> some{1, 2, 3};
  const std::vector<double> huge(15, 1e200);
  EXPECT_EQ(forecast(huge, {3, 1, 0}).error().where, "value 1");
  EXPECT_FALSE(forecast(some, {0, 1, 0}).ok());
  EXPECT_FALSE(forecast(some, {10, 0, 0}).ok());
}

TEST(Forecasts, OfLongSeasonsTakeTheirTime) {
  const std::vector<double> values = hours(9'000, 3, 5);
  const auto result = forecast(values, {48, 1'440, 0});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(std::isfinite(result->middle[47]));
}

TEST(Evaluations, LeaveOutWhatNeverChanges) {
  std::vector<NamedSeries> training{{"a", hours(400, 2, 1)}, {"b", std::vector<double>(400, 3.0)}};
  std::vector<NamedSeries> test{{"a", hours(448, 2, 1)}, {"b", std::vector<double>(48, 3.0)}};
  test[0].values.erase(test[0].values.begin(), test[0].values.begin() + 400);
  const auto result = evaluate(training, test, 24, 1);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->never_changed, 1u);
  EXPECT_TRUE(std::isfinite(result->mase) && std::isfinite(result->owa));
}

TEST(Measures, AreThoseOfTheCompetition) {
  const std::vector<double> training{1, 3, 2, 4}, came{5, 0}, expected{4, 0};
  EXPECT_NEAR(symmetric_error(came, expected), 100 * (2.0 / 9) / 2, 1e-12);
  // Steps over one value: 2, 1, 2; over two: 1, 1.
  EXPECT_NEAR(scaled_error(training, came, expected, 1), 0.5 / (5.0 / 3), 1e-12);
  EXPECT_NEAR(scaled_error(training, came, expected, 2), 0.5, 1e-12);
}

TEST(SeriesFiles, AreReadAsTheCompetitionWritesThem) {
  const auto all = read_series("\"V1\",\"V2\",\"V3\"\n\"H1\",\"605\",\"586.5\"\nH2,1,2,,\n\n");
  ASSERT_TRUE(all.ok()) << all.error().text();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].id, "H1");
  EXPECT_EQ((*all)[0].values, (std::vector<double>{605, 586.5}));
  EXPECT_EQ((*all)[1].values, (std::vector<double>{1, 2}));
  EXPECT_EQ(read_series("H1,1\nH2,1,,2\n").error().where, "line 2");
  EXPECT_EQ(read_series("H1,1\nH2,x\n").error().where, "line 2");
  EXPECT_FALSE(read_series("H1,1\nH1,2\n").ok());
  EXPECT_FALSE(read_series("H1,1\nH2\n").ok());
  EXPECT_FALSE(read_series("H1,1\nH2,nan\n").ok());
}

TEST(Evaluations, OfTheSharedHourlySeriesBeatTheCompetition) {
  const char* shared = std::getenv("CITYLOOM_SHARED");
  const std::string folder = std::string(shared ? shared : "") + "/series/";
  if (shared == nullptr || !std::ifstream(folder + "m4-hourly-odd-train.csv")) GTEST_SKIP() << "no shared data";
  auto training = read_series(file(folder + "m4-hourly-odd-train.csv"));
  auto test = read_series(file(folder + "m4-hourly-odd-test.csv"));
  ASSERT_TRUE(training.ok() && test.ok());
  const auto result = evaluate(*training, *test, 24, 2);
  ASSERT_TRUE(result.ok());
  EXPECT_LT(result->owa, 0.5);
  EXPECT_NEAR(result->coverage[2], 0.9, 0.02);
  EXPECT_EQ(evaluate({}, *test, 24).error().code, base::Code::invalid);
}

}  // namespace
}  // namespace cityloom::model::series
