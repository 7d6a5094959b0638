#include "link/replay_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "link/testing.hpp"

namespace cityloom::link {
namespace {

using ::testing::HasSubstr;

constexpr base::Instant now = base::Instant::from_seconds(1'800'000'000);

/// A folder that is removed afterwards.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "cityloom-replay-XXXXXX";
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path + "/" + name) << text; }
  std::string path;
};

struct Replay {
  Replay(const std::string& yaml, const std::vector<std::string>& folders) {
    auto links = parse_links(yaml, "test.yaml");
    EXPECT_TRUE(links.ok()) << (links.ok() ? "" : links.error().text());
    open(links->front(), folders);
  }
  Replay(const LinkDefinition& link, const std::vector<std::string>& folders) { open(link, folders); }
  void open(const LinkDefinition& link, const std::vector<std::string>& folders) {
    auto bound = Mapper::bind(link.mappings, terms, link.name);
    mapper.emplace(std::move(*bound));
    auto opened = ReplayReader::open(link, folders, *mapper);
    if (opened.ok()) {
      reader.emplace(std::move(*opened));
    } else {
      error = opened.error();
    }
  }
  const twin::Attribute* find(const thread::Change& change, std::string_view name) const {
    for (const twin::Attribute& attribute : change.attributes) {
      if (attribute.name == terms.find(expand_name(name))) return &attribute;
    }
    return nullptr;
  }
  twin::TermTable terms;
  std::optional<Mapper> mapper;
  std::optional<ReplayReader> reader;
  base::Error error;
};

constexpr const char* rows = R"(
links:
  - name: r
    kind: replay
    file: rows.csv
    join: {file: places.csv, key: id, on: station}
    mapping:
      entity: {id: "urn:x:{station}", type: T}
      observed_at: {from: when, format: "%Y-%m-%d %H", zone: UTC}
      attributes: {v: v, location: {longitude: join.lon, latitude: join.lat}}
)";

TEST(ReplayReader, GathersRowsOfOneTimeAndJoinsPlaces) {
  const Folder folder;
  folder.write("rows.csv",
               "when,station,v\n2020-01-01 00,a,1\n2020-01-01 00,b,2\n2020-01-01 01,a,3\nx\n2020-01-01 02,a,?\n");
  folder.write("places.csv", "id,lon,lat\na,127,37\n");
  Replay replay(rows, {"/nowhere", folder.path});
  ASSERT_TRUE(replay.reader) << replay.error.text();
  auto step = replay.reader->next(now);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->time.text(), "2020-01-01T00:00:00Z");
  ASSERT_EQ(step->readings.size(), 2u);
  const thread::Change& first = step->readings[0].mapped.changes.at(0);
  EXPECT_EQ(replay.find(first, "v")->value, twin::Value{int64_t{1}});
  ASSERT_NE(replay.find(first, "location"), nullptr);
  EXPECT_FALSE(replay.find(first, "location")->observed_at.exists());  // where it stands was not measured then
  EXPECT_EQ(replay.find(step->readings[1].mapped.changes.at(0), "location"), nullptr);

  step = replay.reader->next(now);  // 01:00, and the row that is none
  ASSERT_EQ(step->readings.size(), 2u);
  EXPECT_THAT(step->readings[1].mapped.refusals.at(0).reason, HasSubstr("line 5: the row has 1 cells, the head 3"));
  step = replay.reader->next(now);
  EXPECT_EQ(replay.find(step->readings.at(0).mapped.changes.at(0), "v")->value, twin::Value{std::string("?")});
  EXPECT_FALSE(replay.reader->next(now));
}

TEST(ReplayReader, SaysWhichFileItLookedForAndWhere) {
  const Folder folder;
  Replay replay(rows, {"/nowhere", folder.path});
  EXPECT_EQ(replay.error.code, base::Code::not_found);
  EXPECT_THAT(replay.error.text(), HasSubstr("rows.csv"));
  EXPECT_THAT(replay.error.text(), HasSubstr(folder.path));
  folder.write("rows.csv", "");
  EXPECT_THAT(Replay(rows, {folder.path}).error.text(), HasSubstr("empty"));
  folder.write("rows.csv", "when,station,v\n");
  EXPECT_THAT(Replay(rows, {folder.path}).error.text(), HasSubstr("places.csv"));
  folder.write("places.csv", "key,lon\n");
  EXPECT_THAT(Replay(rows, {folder.path}).error.text(), HasSubstr("no column 'id'"));
}

TEST(ReplayReader, StandsAtTheNearestPlace) {
  const Folder folder;
  folder.write("t.csv", "v\n1\n");
  folder.write("places.csv", "s,lat,lon\nfar,38,127\nnear,37.01,127.01\nbad,,\n");
  Replay replay(R"(
links:
  - name: r
    kind: replay
    file: t.csv
    join: {file: places.csv, nearest_to: [127, 37], longitude: lon, latitude: lat}
    mapping: {entity: {id: "urn:x:{join.s}", type: T}, attributes: {v: v}}
)",
                {folder.path});
  ASSERT_TRUE(replay.reader) << replay.error.text();
  EXPECT_EQ(replay.reader->next(now)->readings.at(0).mapped.changes.at(0).entity_id, "urn:x:near");
}

LinkDefinition pack_link(const std::string& pack) {
  auto read = read_pack(std::string(CITYLOOM_SOURCE_DIR) + "/packs/" + pack);
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().text());
  return read->links.at(0);
}

TEST(ReplayReader, PlaysTheAirOfSeoul) {
  const std::string data = testing::shared_data();
  if (data.empty()) GTEST_SKIP() << "real data is absent: set CITYLOOM_SHARED";
  Replay replay(pack_link("seoul-air"), {data + "/seoul-jamsil", data});
  ASSERT_TRUE(replay.reader) << replay.error.text();
  auto step = replay.reader->next(now);
  EXPECT_EQ(step->time.text(), "2017-12-31T16:00:00Z");  // 2018-01-01 01:00 in Seoul
  const thread::Change first = step->readings.at(0).mapped.changes.at(0);
  EXPECT_EQ(first.entity_id, "urn:ngsi-ld:AirQualityObserved:seoul-sdot-V02Q1940820");
  EXPECT_EQ(replay.find(first, "pm25")->value, twin::Value{int64_t{17}});
  EXPECT_EQ(replay.find(first, "no2")->value, twin::Value{0.021});
  EXPECT_EQ(replay.find(first, "location")->value, twin::Value{twin::Geometry::point({127.1022618, 37.51105423})});
  size_t steps = 0;
  size_t readings = 0;
  size_t refusals = 0;
  base::Instant last;
  for (; step; step = replay.reader->next(now)) {
    ++steps;
    EXPECT_GT(step->time, last);
    last = step->time;
    readings += step->readings.size();
    for (const ReplayReading& reading : step->readings) refusals += reading.mapped.refusals.size();
  }
  EXPECT_EQ(steps, 43'776u);  // 2019-12-01 stands in the file twice
  EXPECT_EQ(readings, 43'800u);
  EXPECT_EQ(refusals, 0u);
  EXPECT_EQ(last.text(), "2022-12-31T15:00:00Z");  // 24:00
}

TEST(ReplayReader, PlaysTheSpeedsOfLosAngeles) {
  const std::string data = testing::shared_data();
  if (data.empty()) GTEST_SKIP() << "real data is absent: set CITYLOOM_SHARED";
  const auto play = [&] {
    Replay replay(pack_link("los-angeles-speed"), {data});
    EXPECT_TRUE(replay.reader) << replay.error.text();
    std::vector<thread::Change> changes;
    base::Instant time;
    for (int steps = 0; steps < 20; ++steps) {
      const auto step = replay.reader->next(now);
      EXPECT_EQ(step->readings.size(), 207u);
      time = step->time;
      for (const ReplayReading& reading : step->readings) {
        EXPECT_TRUE(reading.mapped.refusals.empty());
        EXPECT_NE(replay.find(reading.mapped.changes.at(0), "location"), nullptr);
        changes.push_back(reading.mapped.changes.at(0));
      }
    }
    EXPECT_EQ(time.text(), "2012-03-01T09:35:00Z");
    return changes;
  };
  const auto first = play();
  const auto second = play();
  ASSERT_EQ(first.size(), second.size());
  for (size_t at = 0; at < first.size(); ++at) {
    EXPECT_EQ(first[at].entity_id, second[at].entity_id);
    EXPECT_EQ(first[at].attributes, second[at].attributes);
  }
}

}  // namespace
}  // namespace cityloom::link
