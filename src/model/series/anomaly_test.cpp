#include "model/series/anomaly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "model/series/group.hpp"
#include "model/series/table.hpp"

namespace cityloom::model::series {
namespace {

constexpr double step_s = 300;
constexpr size_t day = 288;

// A plateau by day, some noise.
double usual(size_t i, std::mt19937& random) {
  const bool is_day = i % day >= 108 && i % day < 216;
  return 20 + (is_day ? 60 : 0) + std::normal_distribution<double>(0, 4)(random);
}

struct Told {
  std::vector<size_t> begins;
  std::vector<Unusual> why;
};
Told judge(const std::vector<double>& values, double step = step_s) {
  Detector detector;
  Told told;
  bool before = false;
  for (size_t i = 0; i < values.size(); ++i) {
    const Judgement one = detector.next(static_cast<double>(i) * step, values[i]);
    EXPECT_TRUE(one.score >= 0 && one.score <= 1);
    if (one.alarm && !before) {
      told.begins.push_back(i);
      told.why.push_back(one.why);
    }
    before = one.alarm;
  }
  return told;
}

std::vector<double> two_weeks(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> values;
  for (size_t i = 0; i < 14 * day; ++i) values.push_back(usual(i, random));
  return values;
}

TEST(Detectors, LeaveUsualDaysAlone) {
  size_t alarms = 0;
  for (unsigned seed = 0; seed < 5; ++seed) alarms += judge(two_weeks(seed)).begins.size();
  EXPECT_LE(alarms, 2u);  // of 70 days
  EXPECT_TRUE(judge(std::vector<double>(4'000, 45.0)).begins.empty());
}

TEST(Detectors, MissADayThatDoesNotCome) {
  std::vector<double> values = two_weeks(1);
  for (size_t i = 10 * day + 108; i < 10 * day + 216; ++i) values[i] -= 60;
  const Told told = judge(values);
  EXPECT_LE(told.begins.size(), 3u);
  const auto at_its_begin = [](size_t begin) { return begin >= 10 * day + 108 && begin < 10 * day + 114; };
  EXPECT_TRUE(std::any_of(told.begins.begin(), told.begins.end(), at_its_begin));
}

TEST(Detectors, NoticeSpikesAndChangesOfLevel) {
  std::mt19937 random(3);
  std::vector<double> values;
  for (size_t i = 0; i < 4'000; ++i)
    values.push_back(std::normal_distribution<double>(i < 3'000 ? 0.1 : 0.25, 0.01)(random));
  values[2'000] = 5;
  const Told told = judge(values);
  ASSERT_GE(told.begins.size(), 2u);
  EXPECT_EQ(told.begins[0], 2'000u);
  EXPECT_NEAR(static_cast<double>(told.begins[1]), 3'000, 3);
  EXPECT_LE(told.begins.size(), 3u);
}

TEST(Detectors, NoticeStuckAndSilentSensors) {
  std::vector<double> values;
  std::mt19937 random(4);
  for (size_t i = 0; i < 4'000; ++i)
    values.push_back(20 + 8 * std::sin(static_cast<double>(i) / 72 * M_PI) +
                     std::normal_distribution<double>(0, 0.5)(random));
  for (size_t i = 2'500; i < 2'600; ++i) values[i] = values[2'499];
  for (size_t i = 3'300; i < 3'360; ++i) values[i] = std::numeric_limits<double>::quiet_NaN();
  const Told told = judge(values, 600);
  ASSERT_EQ(told.begins.size(), 2u);
  EXPECT_LT(told.begins[0], 2'530u);
  EXPECT_GE(told.begins[0], 2'500u);
  EXPECT_GE(told.begins[1], 3'300u);
  EXPECT_LT(told.begins[1], 3'320u);
  EXPECT_EQ(told.why[1], Unusual::missing);
}

TEST(Detectors, BearAnything) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  std::mt19937_64 random(5);
  Detector detector;
  for (size_t i = 0; i < 20'000; ++i) {
    const double odd[] = {nan, infinite, -infinite, 1e30, -1e30, 1e-300, 0, 1e300, 5, -0.0};
    const double time = i % 11 == 0  ? nan
                        : i % 7 == 0 ? -1e15
                        : i % 5 == 0 ? 1e14
                                     : static_cast<double>(random() % 1'000'000);
    const Judgement one = detector.next(time, odd[random() % 10]);
    ASSERT_TRUE(one.evidence >= 0 && one.evidence <= 30 && std::isfinite(one.score));
    ASSERT_TRUE(std::abs(detector.distance()) <= 8);
  }
}

TEST(Detectors, OfTheSameSayTheSame) {
  Detector one, other;
  const std::vector<double> values = two_weeks(7);
  for (size_t i = 0; i < values.size(); ++i) {
    const double time = static_cast<double>(i) * step_s;
    ASSERT_EQ(one.next(time, values[i]).evidence, other.next(time, values[i]).evidence);
  }
}

TEST(Groups, NoticeColumnsThatPartFromEachOther) {
  std::mt19937 random(6);
  std::normal_distribution<double> normal;
  GroupDetector group(4);
  std::vector<size_t> begins;
  Unusual why = Unusual::nothing;
  bool before = false;
  for (size_t i = 0; i < 6'000; ++i) {
    const double shared = normal(random), other = normal(random);
    std::vector<double> row{shared, 2 * shared, other, shared - other};
    for (double& one : row) one += 0.1 * normal(random);
    if (i >= 5'000 && i < 5'020) row[1] = -row[1];  // each column alone is as usual
    const Judgement judgement = group.next(static_cast<double>(i) * step_s, row);
    if (judgement.alarm && !before) {
      begins.push_back(i);
      why = judgement.why;
    }
    before = judgement.alarm;
  }
  ASSERT_EQ(begins.size(), 1u);
  EXPECT_NEAR(static_cast<double>(begins[0]), 5'000, 5);
  EXPECT_EQ(why, Unusual::relation);
}

TEST(Times, AreReadInTheFormsOfFiles) {
  EXPECT_EQ(time_of("2015-09-01 13:45:00"), 1441115100.0);
  EXPECT_EQ(time_of("2015-09-01T13:45:00Z"), 1441115100.0);
  EXPECT_EQ(time_of("2015-09-01T22:45:00.500+09:00"), 1441115100.5);
  EXPECT_EQ(time_of("2015/09/01 13:45"), 1441115100.0);
  EXPECT_EQ(time_of("2015-09-01"), 1441065600.0);
  EXPECT_EQ(time_of(" 17.5 "), 17.5);
  EXPECT_EQ(time_of("1441115100000"), 1441115100.0);
  for (const char* odd : {"", "now", "2015-02-30", "2015-13-01", "2015-09-01 25:00", "2015-09-01 13:4", "1e99", "nan",
                          "2015-09-01T13:45:00+99:00", "2015-09-01x", "-"})
    EXPECT_FALSE(time_of(odd).has_value()) << odd;
}

std::vector<std::vector<double>> rows_of(std::string_view text) {
  std::vector<std::vector<double>> rows;
  auto table = TimeTable::open(text);
  if (!table.ok()) return rows;
  for (;;) {
    const auto row = table->next();
    if (!row.ok() || !*row) return rows;
    rows.emplace_back((*row)->values.begin(), (*row)->values.end());
    rows.back().insert(rows.back().begin(), (*row)->time_s);
  }
}

TEST(Tables, AreReadWithAndWithoutHeadings) {
  using Rows = std::vector<std::vector<double>>;
  EXPECT_EQ(rows_of("timestamp,value\n10,5\n20,-1.5e3\n"), (Rows{{10, 5}, {20, -1500}}));
  EXPECT_EQ(rows_of("\xEF\xBB\xBF"
                    "10,5\r\n\r\n20,6"),
            (Rows{{10, 5}, {20, 6}}));
  EXPECT_EQ(rows_of("a;time;b\n1,5;10;\"+2\"\n"), (Rows{{10, 1.5, 2}}));
  EXPECT_EQ(rows_of("time\tv\n10\t 7\n"), (Rows{{10, 7}}));
  const Rows gaps = rows_of("t,a,b\n10,,x\n20,1\n30,inf,nan\n");
  ASSERT_EQ(gaps.size(), 3u);
  EXPECT_TRUE(std::isnan(gaps[0][1]) && std::isnan(gaps[0][2]) && std::isnan(gaps[1][2]) && std::isnan(gaps[2][1]));
  EXPECT_EQ(gaps[1][1], 1);
}

TEST(Tables, AreRefusedWithTheLine) {
  EXPECT_EQ(TimeTable::open("").error().code, base::Code::invalid);
  EXPECT_EQ(TimeTable::open("\n\n").error().code, base::Code::invalid);
  EXPECT_FALSE(TimeTable::open("9,1\n7,2\n5,1\n4,1\n3,1\n2,9\n").ok());
  EXPECT_EQ(TimeTable::open("time\n1\n").error().where, "line 1");
  auto table = TimeTable::open("t,v\n1,2\nnever,3\n1,2,3\n");
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE(table->next().ok());
  EXPECT_EQ(table->next().error().where, "line 3");
  EXPECT_EQ(table->next().error().where, "line 4");
  EXPECT_EQ(TimeTable::open(std::string(2'000, ',')).error().code, base::Code::too_large);
}

// The bar is that of the shared series as a whole: most windows, few alarms beside them.
TEST(Detectors, FindTheLabelledWindowsOfTheSharedSeries) {
  const char* shared = std::getenv("CITYLOOM_SHARED");
  const std::string folder = std::string(shared ? shared : "") + "/series/nab/";
  std::ifstream labels(folder + "windows.json");
  if (shared == nullptr || !labels) GTEST_SKIP() << "no shared data";
  size_t windows = 0, found = 0, beside = 0;
  const nlohmann::json all_windows = nlohmann::json::parse(labels);
  for (const auto& [name, list] : all_windows.items()) {
    std::ostringstream text;
    text << std::ifstream(folder + name).rdbuf();
    const std::string content = text.str();
    auto table = TimeTable::open(content);
    ASSERT_TRUE(table.ok()) << name;
    std::vector<bool> hit(list.size());
    Detector detector;
    bool before = false, is_inside = false;
    size_t outside = 0;
    for (auto row = table->next(); row.ok() && *row; row = table->next()) {
      const Judgement one = detector.next((*row)->time_s, (*row)->values[0]);
      if (one.alarm && !before) is_inside = false;
      for (size_t i = 0; i < list.size() && one.alarm; ++i) {
        if ((*row)->time_s < *time_of(list[i][0].get<std::string>()) ||
            (*row)->time_s > *time_of(list[i][1].get<std::string>()))
          continue;
        hit[i] = is_inside = true;
      }
      if (before && !one.alarm && !is_inside) ++outside;
      before = one.alarm;
    }
    const auto hits = static_cast<size_t>(std::count(hit.begin(), hit.end(), true));
    std::printf("%s: %zu of %zu windows, %zu alarms beside them\n", name.c_str(), hits, hit.size(), outside);
    windows += hit.size();
    found += hits;
    beside += outside;
  }
  EXPECT_GE(found, 9u) << "of " << windows;
  EXPECT_LE(beside, 12u);
}

}  // namespace
}  // namespace cityloom::model::series
