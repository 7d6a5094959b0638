// What a chunk promises: every bit back, small where regular, and no harm from bad bytes.
#include "thread/series_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "thread/integer_packing.hpp"

namespace cityloom::thread {
namespace {

using base::Code;
using base::Instant;
using Points = std::vector<NumberPoint>;

bool same_bits(const Points& left, const Points& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].observed_at != right[i].observed_at || left[i].offset != right[i].offset) return false;
    if (std::bit_cast<uint64_t>(left[i].value) != std::bit_cast<uint64_t>(right[i].value)) return false;
  }
  return true;
}

void expect_round_trip(const Points& points) {
  const std::string bytes = pack_numbers(points);
  ASSERT_EQ(bytes, pack_numbers(points)) << "equal points must give equal bytes";
  const auto back = unpack_numbers(bytes);
  ASSERT_TRUE(back.ok()) << back.error().text();
  ASSERT_TRUE(same_bits(points, *back));
}

/// A series at a steady step whose commits lie `stride` offsets apart.
Points regular(const std::vector<double>& values, uint64_t stride = 207, int64_t step_s = 300) {
  Points points;
  for (size_t i = 0; i < values.size(); ++i) {
    points.push_back(
        {Instant::from_seconds(1'330'560'000 + static_cast<int64_t>(i) * step_s), values[i], {1'000'000 + i * stride}});
  }
  return points;
}

double bytes_each(const Points& points) {
  return static_cast<double>(pack_numbers(points).size()) / static_cast<double>(points.size());
}

TEST(SeriesCodec, EmptyAndSingle) {
  expect_round_trip({});
  expect_round_trip({{Instant::none(), -0.0, {0}}});
  expect_round_trip({{Instant::from_seconds(1), 21.5, {7}}});
  expect_round_trip({{Instant::from_seconds(1), 21.5, {7}}, {Instant::none(), 21.4, {7}}});
}

TEST(SeriesCodec, KeepsEveryBitOfExtremes) {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> values = {0.0,
                                      -0.0,
                                      Limits::max(),
                                      Limits::lowest(),
                                      Limits::min(),
                                      Limits::denorm_min(),
                                      Limits::infinity(),
                                      -Limits::infinity(),
                                      Limits::quiet_NaN(),
                                      -Limits::quiet_NaN(),
                                      0.1,
                                      1e22,
                                      9007199254740993.0,
                                      std::bit_cast<double>(0x7ff8000000000123u)};
  Points points;
  for (size_t round = 0; round < 40; ++round) {
    for (size_t i = 0; i < values.size(); ++i) {
      const bool high = (i + round) % 3 == 0;
      points.push_back({{high ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min()},
                        values[(i * round) % values.size()],
                        {(i + round) % 2 == 0 ? 0 : std::numeric_limits<uint64_t>::max()}});
    }
  }
  expect_round_trip(points);
  for (const double value : values) expect_round_trip(Points(200, NumberPoint{Instant::none(), value, {5}}));
}

struct Series {
  std::string_view name;
  double (*value)(std::mt19937_64&, size_t);
};

double noise(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) / 9007199254740992.0;
}

const Series families[] = {
    {"steady", [](std::mt19937_64&, size_t) { return 20.25; }},
    {"integers", [](std::mt19937_64& random, size_t) { return static_cast<double>(random() % 120); }},
    {"tenths",
     [](std::mt19937_64& random, size_t i) {
       return std::round(200 + 50 * std::sin(static_cast<double>(i) / 40) + 9 * noise(random)) / 10;
     }},
    {"averages of 8", [](std::mt19937_64& random, size_t) { return static_cast<double>(random() % 560) / 8; }},
    {"thirds", [](std::mt19937_64& random, size_t) { return static_cast<double>(random() % 200) / 3; }},
    {"thirds with 6 decimals",
     [](std::mt19937_64& random, size_t) { return std::round(static_cast<double>(random() % 200) / 3 * 1e6) / 1e6; }},
    {"single precision",
     [](std::mt19937_64& random, size_t) { return static_cast<double>(static_cast<float>(noise(random))); }},
    {"any double", [](std::mt19937_64& random, size_t) { return std::bit_cast<double>(random()); }},
    {"mostly tenths", [](std::mt19937_64& random,
                         size_t i) { return i % 50 == 0 ? noise(random) : std::round(noise(random) * 300) / 10; }},
    {"rising counter",
     [](std::mt19937_64& random, size_t i) { return static_cast<double>(1'000'000 + 250 * i + random() % 20); }},
};

TEST(SeriesCodec, RandomSeriesComeBack) {
  std::mt19937_64 random(20260101);
  for (int round = 0; round < 200; ++round) {
    const Series& family = families[random() % std::size(families)];
    SCOPED_TRACE(family.name);
    Points points;
    uint64_t offset = random() % 1000;
    int64_t time = static_cast<int64_t>(random() % 2'000'000'000'000'000);
    const size_t count = random() % 700;
    const uint64_t disorder = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i) {
      offset += random() % 5 == 0 ? random() % 1000 : random() % 3;
      time += random() % disorder == 0 ? static_cast<int64_t>(random() % 10'000'000'000) - 5'000'000'000 : 300'000'000;
      points.push_back({random() % 100 == 0 ? Instant::none() : Instant{time}, family.value(random, i), {offset}});
    }
    expect_round_trip(points);
  }
}

TEST(SeriesCodec, RandomIntegersComeBack) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<int64_t> integers(random() % 300);
    const unsigned width = static_cast<unsigned>(random() % 65);
    const uint64_t factor = random() % 3 == 0 ? random() : 1;
    for (int64_t& integer : integers) {
      const uint64_t bits = width == 0 ? 0 : random() >> (64 - width);
      integer = static_cast<int64_t>((random() % 60 == 0 ? random() : bits) * factor);
    }
    std::string bytes;
    pack_integers(integers, bytes);
    std::string_view from = bytes;
    std::vector<int64_t> back(integers.size());
    ASSERT_TRUE(unpack_integers(from, back));
    ASSERT_TRUE(from.empty());
    ASSERT_EQ(integers, back);
  }
}

TEST(SeriesCodec, ReadsOnlyTheColumnsAskedFor) {
  const Points points = regular({1.5, 2.5, 3.5});
  const std::string bytes = pack_numbers(points);
  std::vector<double> values = {9, 9, 9, 9, 9};
  std::vector<uint64_t> offsets;
  EXPECT_EQ(*unpack_columns(bytes, nullptr, &values, nullptr), 3u);
  EXPECT_THAT(values, testing::ElementsAre(1.5, 2.5, 3.5));
  EXPECT_EQ(*unpack_columns(bytes, nullptr, nullptr, &offsets), 3u);
  EXPECT_THAT(offsets, testing::ElementsAre(1'000'000, 1'000'207, 1'000'414));
  EXPECT_EQ(*unpack_columns(bytes, nullptr, nullptr, nullptr), 3u);
}

TEST(SeriesCodec, RegularSeriesAreSmall) {
  std::mt19937_64 random(1);
  const auto measure = [&random](std::string_view name) {
    for (const Series& family : families) {
      if (family.name != name) continue;
      std::vector<double> values;
      for (size_t i = 0; i < 1'000; ++i) values.push_back(family.value(random, i));
      return bytes_each(regular(values));
    }
    return std::numeric_limits<double>::infinity();
  };
  EXPECT_LE(measure("steady"), 0.1);
  EXPECT_LE(measure("integers"), 1.0);
  EXPECT_LE(measure("tenths"), 1.0);
  EXPECT_LE(measure("averages of 8"), 1.4);
  EXPECT_LE(measure("thirds"), 1.2);
  EXPECT_LE(measure("thirds with 6 decimals"), 1.2);
  EXPECT_LE(measure("single precision"), 4.4);
  EXPECT_LE(measure("any double"), 8.2);
  EXPECT_LE(measure("rising counter"), 1.0);
}

TEST(SeriesCodec, OneGapOrOddValueCostsLittle) {
  Points points = regular(std::vector<double>(1'000, 12.5));
  points[500].value = 1.0 / 7.0;
  for (size_t i = 700; i < points.size(); ++i) points[i].observed_at.microseconds += 12'345'678;
  EXPECT_LE(bytes_each(points), 0.2);
  expect_round_trip(points);
}

std::filesystem::path shared_data() {
  const char* folder = std::getenv("CITYLOOM_SHARED");
  return folder != nullptr ? folder : std::string(CITYLOOM_SOURCE_DIR) + "/../shared/data";
}

TEST(SeriesCodec, RoadSpeedsOfLosAngelesTakeAtMostFourBytes) {
  std::ifstream file(shared_data() / "los-angeles/speed-5min.csv");
  if (!file) GTEST_SKIP() << "los-angeles/speed-5min.csv is absent from " << shared_data();
  std::string line;
  std::getline(file, line);
  std::vector<std::vector<double>> columns(207);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    for (auto& column : columns) {
      std::getline(cells, cell, ',');
      column.push_back(std::stod(cell));
    }
  }
  std::mt19937_64 random(3);
  size_t bytes = 0, points_count = 0;
  for (const auto& column : columns) {
    for (size_t start = 0; start < column.size(); start += 1'000) {
      const std::vector<double> part(column.begin() + static_cast<ptrdiff_t>(start),
                                     column.begin() + static_cast<ptrdiff_t>(std::min(start + 1'000, column.size())));
      Points points = regular(part);
      // The commits of 207 sensors come in any order each time.
      for (NumberPoint& point : points) point.offset.number += random() % 207;
      expect_round_trip(points);
      bytes += pack_numbers(points).size();
      points_count += points.size();
    }
  }
  const double each = static_cast<double>(bytes) / static_cast<double>(points_count);
  RecordProperty("bytes_each", std::to_string(each));
  EXPECT_LE(each, 3.9);
}

TEST(SeriesCodec, BadBytesAreCorruptAndHarmless) {
  std::mt19937_64 random(11);
  std::vector<double> values;
  for (size_t i = 0; i < 300; ++i)
    values.push_back(i % 40 == 0 ? noise(random) : static_cast<double>(random() % 500) / 10);
  const std::string good = pack_numbers(regular(values));
  for (size_t length = 0; length < good.size(); ++length) {
    const auto cut = unpack_numbers(std::string_view(good).substr(0, length));
    ASSERT_FALSE(cut.ok()) << length;
    ASSERT_EQ(cut.error().code, Code::corrupt);
  }
  EXPECT_FALSE(unpack_numbers(good + "x").ok());
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (uint64_t changes = 1 + random() % 4; changes > 0; --changes)
      bad[random() % bad.size()] = static_cast<char>(random());
    const auto read = unpack_numbers(bad);  // may decode to other points; must not crash or take much
    if (read.ok()) {
      ASSERT_LE(read->size(), chunk_points_max);
    }
  }
  std::string huge(1, '\1');
  put_varint(chunk_points_max + 1, huge);
  EXPECT_EQ(unpack_numbers(huge).error().code, Code::corrupt);
}

TEST(ChunkSummary, SaysWhatTheChunkHolds) {
  Points points = regular({3, -1, 4});
  const ChunkSummary summary = summarise(points);
  EXPECT_EQ(summary.count, 3u);
  EXPECT_EQ(summary.sum, 6);
  EXPECT_EQ(summary.sum_of_squares, 26);
  EXPECT_EQ(summary.minimum, -1);
  EXPECT_EQ(summary.maximum, 4);
  EXPECT_EQ(summary.first_offset, points.front().offset);
  EXPECT_EQ(summary.last_offset, points.back().offset);
  EXPECT_EQ(summary.first_observed_at, points.front().observed_at);
  EXPECT_EQ(summary.last_observed_at, points.back().observed_at);
  EXPECT_TRUE(summary.has_numbers);
  EXPECT_EQ(summary.pack().size(), ChunkSummary::packed_bytes);
  EXPECT_EQ(*ChunkSummary::unpack(summary.pack()), summary);
  points[1].observed_at = Instant::none();
  EXPECT_EQ(summarise(points).first_observed_at, Instant::none());
}

TEST(ChunkSummary, RefusesOtherBytes) {
  const std::string good = summarise(regular({1})).pack();
  EXPECT_EQ(ChunkSummary::unpack("").error().code, Code::corrupt);
  EXPECT_EQ(ChunkSummary::unpack(good + "x").error().code, Code::corrupt);
  std::string bad = good;
  bad.back() = 7;
  EXPECT_EQ(ChunkSummary::unpack(bad).error().code, Code::corrupt);
}

}  // namespace
}  // namespace cityloom::thread
