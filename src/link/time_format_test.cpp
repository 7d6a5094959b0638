#include "link/time_format.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace cityloom::link {
namespace {

std::string read(std::string_view format, std::string_view zone, const FieldValue& value) {
  const auto made = TimeFormat::make(format, zone);
  if (!made.ok()) return "format: " + made.error().text();
  const auto instant = made->parse(value);
  return instant.ok() ? instant->text() : "refused";
}

std::string read(std::string_view format, std::string_view zone, const char* text) {
  return read(format, zone, FieldValue{std::string(text)});
}

TEST(TimeFormat, ReadsTheDeclaredForms) {
  EXPECT_EQ(read("rfc3339", "", "2026-11-22T17:05:00.5+09:00"), "2026-11-22T08:05:00.500Z");
  EXPECT_EQ(read("epoch_s", "", FieldValue{int64_t{1'700'000'000}}), "2023-11-14T22:13:20Z");
  EXPECT_EQ(read("epoch_s", "", FieldValue{1'700'000'000.25}), "2023-11-14T22:13:20.250Z");
  EXPECT_EQ(read("epoch_ms", "", "1700000000001"), "2023-11-14T22:13:20.001Z");
  EXPECT_EQ(read("epoch_us", "", FieldValue{int64_t{-1}}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(read("%Y-%m-%d %H:%M", "+09:00", "2018-01-01 01:00"), "2017-12-31T16:00:00Z");
  EXPECT_EQ(read("%Y%m%d%H%M%S.%f", "UTC", "20180101010203.25"), "2018-01-01T01:02:03.250Z");
  EXPECT_EQ(read("%d.%m.%Y %H:%M %z", "", "01.02.2020 10:00 -0530"), "2020-02-01T15:30:00Z");
  EXPECT_EQ(read("%Y/%j", "UTC", "2020/366"), "2020-12-31T00:00:00Z");
  EXPECT_EQ(read("%H%% %Y", "UTC", "7% 2020"), "2020-01-01T07:00:00Z");
}

TEST(TimeFormat, MidnightMayEndADay) {
  EXPECT_EQ(read("%Y-%m-%d %H:%M", "+09:00", "2022-12-31 24:00"), "2022-12-31T15:00:00Z");
  EXPECT_EQ(read("%Y-%m-%d %H:%M", "+09:00", "2022-12-31 24:01"), "refused");
}

TEST(TimeFormat, KnowsZonesByName) {
  if (!TimeFormat::make("%Y", "Europe/Berlin").ok()) GTEST_SKIP() << "no time zone data on this machine";
  EXPECT_EQ(read("%Y-%m-%d %H:%M", "Europe/Berlin", "2024-07-01 12:00"), "2024-07-01T10:00:00Z");
  EXPECT_EQ(read("%Y-%m-%d %H:%M", "Europe/Berlin", "2024-01-01 12:00"), "2024-01-01T11:00:00Z");
}

TEST(TimeFormat, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2018-02-30 01:00", "2018-13-01 01:00", "2018-01-01 25:00", "2018-01-01",
                           "2018-01-01 01:00x", "0001-01-01 00:00", "９"}) {
    EXPECT_EQ(read("%Y-%m-%d %H:%M", "UTC", text), "refused") << text;
  }
  EXPECT_EQ(read("rfc3339", "", "yesterday"), "refused");
  EXPECT_EQ(read("epoch_s", "", FieldValue{int64_t{9'000'000'000'000'000'000}}), "refused");
  EXPECT_EQ(read("epoch_s", "", FieldValue{std::numeric_limits<int64_t>::min()}), "refused");
  EXPECT_EQ(read("epoch_s", "", FieldValue{1e200}), "refused");
  EXPECT_EQ(read("epoch_s", "", "1e5x"), "refused");
  EXPECT_EQ(read("epoch_s", "", FieldValue{Absent{}}), "refused");
  EXPECT_EQ(read("epoch_s", "", FieldValue{true}), "refused");
  EXPECT_FALSE(TimeFormat::make("soon", "").ok());
  EXPECT_FALSE(TimeFormat::make("%Y", "Mars/Olympus").ok());
}

TEST(TimeFormat, ReadsBackEverySecond) {
  const auto format = TimeFormat::make("%Y-%m-%d %H:%M:%S", "+09:00");
  ASSERT_TRUE(format.ok());
  EXPECT_TRUE(rc::check("a time written in the zone is read back", [&] {
    const int64_t seconds = *rc::gen::inRange<int64_t>(-5'000'000'000, 16'000'000'000);
    const std::string local = base::Instant::from_seconds(seconds + 9 * 3'600).text();
    const std::string text = local.substr(0, 10) + " " + local.substr(11, 8);
    const auto instant = format->parse(text);
    RC_ASSERT(instant.ok());
    RC_ASSERT(*instant == base::Instant::from_seconds(seconds));
  }));
}

}  // namespace
}  // namespace cityloom::link
