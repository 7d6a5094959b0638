// Importing: small files in which one thing matters, and real cities.
#include "space/space.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/zip_writer.hpp"

namespace cityloom::space {
namespace {

using testing::MemorySink;
using twin::Value;

const std::string square = R"(
  <node id="1" lat="37.5000" lon="127.1000"/><node id="2" lat="37.5000" lon="127.1010"/>
  <node id="3" lat="37.5010" lon="127.1010"/><node id="4" lat="37.5010" lon="127.1000"/>)";

std::string osm(const std::string& body) {
  return "<?xml version='1.0'?><osm version='0.6'>" + body + "</osm>";
}

std::string tag(const std::string& key, const std::string& value) {
  return "<tag k='" + key + "' v='" + value + "'/>";
}

std::string way(int id, const std::vector<int>& nodes, const std::string& tags) {
  std::string text = "<way id='" + std::to_string(id) + "'>";
  for (int node : nodes) text += "<nd ref='" + std::to_string(node) + "'/>";
  return text + tags + "</way>";
}

ImportReport import(MemorySink& sink, const std::string& body) {
  const std::string bytes = osm(body);
  auto report = import_bytes("test.osm", bytes, sink);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

const std::string building_id = "urn:ngsi-ld:Building:osm-way-10";

TEST(Import, ABuildingWithItsMeasuredHeightAndKoreanName) {
  MemorySink sink;
  const auto report =
      import(sink, square + way(10, {1, 2, 3, 4, 1},
                                tag("building", "hotel") + tag("height", "115") + tag("name", "롯데호텔월드") +
                                    tag("name:en", "LOTTE Hotel") + tag("building:levels", "30") +
                                    tag("addr:street", "올림픽로") + tag("addr:housenumber", "240")));
  EXPECT_EQ(report.imported, 1u);
  EXPECT_EQ(report.warnings_count, 0u);
  EXPECT_EQ(sink.value(building_id, "height"), Value(int64_t{115}));
  const auto* height = sink.attribute(building_id, "height");
  ASSERT_NE(height, nullptr);
  EXPECT_EQ(sink.terms().text(height->unit), "MTR");
  ASSERT_EQ(height->members.size(), 2u);
  EXPECT_EQ(height->members[0].value, Value(std::string("measured")));
  EXPECT_EQ(height->members[1].value, Value(std::string("test.osm way/10")));
  EXPECT_EQ(sink.value(building_id, "name"), Value(twin::Json{R"({"@none":"롯데호텔월드","en":"LOTTE Hotel"})"}));
  EXPECT_EQ(sink.value(building_id, "address"), Value(twin::Json{R"({"streetAddress":"올림픽로 240"})"}));
  EXPECT_EQ(sink.value(building_id, "levels"), Value(int64_t{30}));
  EXPECT_EQ(sink.value(building_id, "category"), Value(std::string("hotel")));
  const auto location = std::get<twin::Geometry>(sink.value(building_id, "location"));
  EXPECT_EQ(location.kind, twin::GeometryKind::polygon);
  EXPECT_EQ(location.positions.size(), 5u);
}

TEST(Import, WhereAHeightComesFrom) {
  const auto height_and_source = [](const std::string& tags) {
    MemorySink sink;
    import(sink, square + way(10, {1, 2, 3, 4, 1}, tags));
    const auto* height = sink.attribute(building_id, "height");
    return std::pair(twin::as_number(height->value), std::get<std::string>(height->members[0].value));
  };
  EXPECT_EQ(height_and_source(tag("building", "yes") + tag("height", "12.5 m")),
            std::pair(12.5, std::string("measured")));
  EXPECT_EQ(height_and_source(tag("building", "yes") + tag("building:levels", "5")),
            std::pair(16.0, std::string("levels")));
  EXPECT_EQ(height_and_source(tag("building", "garage")), std::pair(3.0, std::string("estimated")));
  EXPECT_EQ(height_and_source(tag("building", "garage") + tag("building:levels", "0")).second, "estimated");
  EXPECT_EQ(height_and_source(tag("building", "yes") + tag("height", "tall") + tag("building:levels", "2")).second,
            "levels");
  EXPECT_EQ(height_and_source(tag("building", "yes") + tag("height", "5") + tag("min_height", "9")),
            std::pair(12.2, std::string("estimated")));
}

TEST(Import, OneBadFeatureIsNamedAndTheOthersAreImported) {
  MemorySink sink;
  const auto report = import(
      sink, square + "<node id='5' lat='37.4990' lon='127.1005'/>" + way(10, {1, 2, 3, 4, 1}, tag("building", "yes")) +
                way(11, {1, 2, 3, 4}, tag("building", "yes")) + way(12, {1, 3, 2, 4, 1}, tag("building", "yes")) +
                way(13, {1, 2, 99, 4, 1}, tag("building", "yes")) + way(14, {1, 2, 1}, tag("building", "yes")) +
                way(15, {1, 2, 3, 1}, tag("building", "yes") + tag("height", "12,5")));
  EXPECT_EQ(sink.count("Building"), 2u);
  ASSERT_EQ(report.warnings.size(), 5u);
  const auto reason = [&](const std::string& object) {
    for (const auto& warning : report.warnings) {
      if (warning.object == object && warning.file == "test.osm") return warning.reason;
    }
    return std::string("none");
  };
  EXPECT_THAT(reason("way/11"), ::testing::HasSubstr("open at node/4"));
  EXPECT_THAT(reason("way/12"), ::testing::HasSubstr("crosses itself"));
  EXPECT_THAT(reason("way/13"), ::testing::HasSubstr("node/99 is not in the file"));
  EXPECT_THAT(reason("way/14"), ::testing::HasSubstr("fewer than three corners"));
  EXPECT_THAT(reason("way/15"), ::testing::HasSubstr("height \"12,5\" has a decimal comma"));
}

TEST(Import, AgainNothingChangesAndWhatIsGoneIsRemoved) {
  MemorySink sink;
  const std::string first = way(10, {1, 2, 3, 4, 1}, tag("building", "yes") + tag("height", "12") + tag("name", "가"));
  const std::string second = way(11, {1, 2, 3, 1}, tag("building", "yes"));
  EXPECT_EQ(import(sink, square + first + second).imported, 2u);
  const auto same = import(sink, square + first + second);
  EXPECT_EQ(same.imported, 0u);
  EXPECT_EQ(same.unchanged, 2u);
  const uint64_t facts = sink.facts_count;
  const auto changed = import(sink, square + way(10, {1, 2, 3, 4, 1}, tag("building", "yes") + tag("height", "13")));
  EXPECT_EQ(changed.imported, 1u);
  EXPECT_EQ(changed.removed, 1u);
  EXPECT_EQ(sink.facts_count - facts, 3u) << "height set, name deleted, second building deleted";
  EXPECT_EQ(sink.count("Building"), 1u);
  EXPECT_EQ(sink.attribute(building_id, "name"), nullptr);
}

TEST(Import, AttributesThatOthersGaveStay) {
  MemorySink sink;
  const std::string body = square + way(10, {1, 2, 3, 4, 1}, tag("building", "yes"));
  import(sink, body);
  thread::Change change;
  change.kind = thread::Change::Kind::append;
  change.entity_id = building_id;
  change.attributes.emplace_back().name = sink.terms().intern("https://example.org/occupancy").value();
  change.attributes[0].value = int64_t{17};
  ASSERT_TRUE(sink.append({change})->at(0).ok());
  EXPECT_EQ(import(sink, body).unchanged, 1u);
  EXPECT_NE(sink.entities[building_id].find(change.attributes[0].name), nullptr);
}

TEST(Import, AMultipolygonKeepsItsHole) {
  MemorySink sink;
  import(sink,
         square + R"(
    <node id="5" lat="37.5003" lon="127.1003"/><node id="6" lat="37.5003" lon="127.1006"/><node id="7" lat="37.5006" lon="127.1006"/>)" +
             way(20, {1, 2, 3}, "") + way(21, {3, 4, 1}, "") + way(22, {5, 6, 7, 5}, "") +
             "<relation id='45'><member type='way' ref='20' role='outer'/><member type='way' ref='21' role='outer'/>"
             "<member type='way' ref='22' role='inner'/>" +
             tag("type", "multipolygon") + tag("building", "yes") + "</relation>");
  const auto location = std::get<twin::Geometry>(sink.value("urn:ngsi-ld:Building:osm-relation-45", "location"));
  EXPECT_EQ(location.kind, twin::GeometryKind::polygon);
  EXPECT_EQ(location.line_ends.size(), 2u);
}

TEST(Import, APartKnowsItsBuilding) {
  MemorySink sink;
  import(sink, square + way(10, {1, 2, 3, 4, 1}, tag("building", "yes")) +
                   way(11, {1, 2, 3, 1}, tag("building:part", "yes") + tag("height", "30") + tag("min_height", "10")));
  const std::string part = "urn:ngsi-ld:BuildingPart:osm-way-11";
  EXPECT_EQ(sink.value(part, "partOf"), Value(building_id));
  EXPECT_EQ(sink.value(part, "minHeight"), Value(int64_t{10}));
  EXPECT_EQ(sink.value(part, "height"), Value(int64_t{30}));
}

const std::string cross = R"(
  <node id="1" lat="37.50" lon="127.10"/><node id="2" lat="37.50" lon="127.11"/><node id="3" lat="37.50" lon="127.12"/>
  <node id="4" lat="37.49" lon="127.11"/><node id="5" lat="37.51" lon="127.11"/>)";

TEST(Import, RoadsAreCutWhereTheyMeet) {
  MemorySink sink;
  import(sink, cross + way(30, {1, 2, 3}, tag("highway", "primary") + tag("maxspeed", "30 mph") + tag("lanes", "4")) +
                   way(31, {4, 2, 5}, tag("highway", "residential") + tag("oneway", "-1") + tag("bridge", "yes")));
  EXPECT_EQ(sink.count("RoadSegment"), 4u);
  const std::string first = "urn:ngsi-ld:RoadSegment:osm-way-30-0", back = "urn:ngsi-ld:RoadSegment:osm-way-31-0";
  EXPECT_EQ(sink.value(first, "startNode"), Value(std::string("osm-node-1")));
  EXPECT_EQ(sink.value(first, "endNode"), Value(std::string("osm-node-2")));
  EXPECT_EQ(sink.value(first, "laneCount"), Value(int64_t{4}));
  EXPECT_EQ(sink.value(first, "oneway"), Value(false));
  EXPECT_NEAR(twin::as_number(sink.value(first, "maximumAllowedSpeed")), 48.28, 0.01);
  EXPECT_NEAR(twin::as_number(sink.value(first, "length")), 884, 1);
  EXPECT_EQ(sink.value(back, "startNode"), Value(std::string("osm-node-2"))) << "travel goes against the way";
  EXPECT_EQ(sink.value(back, "oneway"), Value(true));
  EXPECT_EQ(sink.value(back, "bridge"), Value(true));
}

TEST(Import, TurnRestrictionsNameSegments) {
  MemorySink sink;
  const std::string relation =
      "<relation id='7'><member type='way' ref='30' role='from'/><member type='node' ref='2' role='via'/>"
      "<member type='way' ref='32' role='to'/>" +
      tag("type", "restriction") + tag("restriction", "no_left_turn") + "</relation>";
  const auto report = import(
      sink, cross + way(30, {1, 2}, tag("highway", "primary")) + way(31, {2, 3}, tag("highway", "primary")) +
                way(32, {2, 5}, tag("highway", "residential")) + relation +
                "<relation id='8'><member type='way' ref='30' role='from'/><member type='node' ref='2' role='via'/>"
                "<member type='way' ref='99' role='to'/>" +
                tag("type", "restriction") + tag("restriction", "no_u_turn") + "</relation>");
  const std::string id = "urn:ngsi-ld:TurnRestriction:osm-relation-7";
  EXPECT_EQ(sink.value(id, "restriction"), Value(std::string("no_left_turn")));
  EXPECT_EQ(sink.value(id, "from"), Value(std::string("urn:ngsi-ld:RoadSegment:osm-way-30-0")));
  EXPECT_EQ(sink.value(id, "to"), Value(std::string("urn:ngsi-ld:RoadSegment:osm-way-32-0")));
  EXPECT_EQ(sink.value(id, "via"), Value(std::string("osm-node-2")));
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_EQ(report.warnings[0].object, "relation/8");
  EXPECT_THAT(report.warnings[0].reason, ::testing::HasSubstr("way/99"));
}

TEST(Import, SignalsCrossingsPlacesWaterAndGreen) {
  MemorySink sink;
  import(sink, square + "<node id='51' lat='37.5' lon='127.1'>" + tag("highway", "traffic_signals") + "</node>" +
                   "<node id='52' lat='37.5' lon='127.1'>" + tag("highway", "crossing") + tag("crossing", "zebra") +
                   "</node>" + "<node id='53' lat='37.5' lon='127.1'>" + tag("amenity", "cafe") + tag("name", "커피") +
                   "</node>" + way(10, {1, 2, 3, 4, 1}, tag("natural", "water")) +
                   way(11, {1, 2, 3, 4, 1}, tag("leisure", "park")) +
                   way(12, {1, 2, 3, 4, 1}, tag("amenity", "school")));
  EXPECT_EQ(sink.count("TrafficSignal"), 1u);
  EXPECT_EQ(sink.value("urn:ngsi-ld:Crossing:osm-node-52", "category"), Value(std::string("zebra")));
  EXPECT_EQ(sink.value("urn:ngsi-ld:PointOfInterest:osm-node-53", "category"), Value(std::string("cafe")));
  EXPECT_EQ(sink.value("urn:ngsi-ld:PointOfInterest:osm-way-12", "category"), Value(std::string("school")));
  EXPECT_EQ(sink.count("Water"), 1u);
  EXPECT_EQ(sink.value("urn:ngsi-ld:GreenSpace:osm-way-11", "category"), Value(std::string("park")));
}

TEST(Import, AnyOrderOfObjectsWillDo) {
  MemorySink ordered, reversed;
  const std::string building = way(10, {1, 2, 3, 4, 1}, tag("building", "yes"));
  import(ordered, square + building);
  import(reversed, building + square);
  EXPECT_EQ(ordered.entities.begin()->second.attributes.size(), reversed.entities.begin()->second.attributes.size());
  EXPECT_EQ(reversed.count("Building"), 1u);
}

TEST(Import, ADamagedFileIsRefusedWholeAndRemovesNothing) {
  MemorySink sink;
  const std::string good = osm(square + way(10, {1, 2, 3, 4, 1}, tag("building", "yes")));
  ASSERT_TRUE(import_bytes("test.osm", good, sink).ok());
  for (const std::string& bad : {good.substr(0, good.size() / 2), std::string("not xml"), std::string(),
                                 std::string("<html><body>Gateway Timeout</body></html>"),
                                 std::string("<osm><remark>runtime error: Query timed out</remark></osm>"),
                                 std::string("<!DOCTYPE osm [<!ENTITY a 'b'>]><osm/>")}) {
    const auto report = import_bytes("test.osm", bad, sink);
    ASSERT_FALSE(report.ok()) << bad;
    EXPECT_EQ(report.error().code, base::Code::corrupt);
    EXPECT_EQ(report.error().where, "test.osm");
    EXPECT_THAT(report.error().what, ::testing::HasSubstr("nothing of it was imported"));
  }
  EXPECT_EQ(sink.count("Building"), 1u);
}

TEST(Import, GeometryMayStandInWaysAndRelations) {
  MemorySink sink;
  const auto report =
      import(sink,
             "<way id='10'><bounds minlat='1'/><nd ref='1' lat='37.5' lon='127.1'/><nd ref='2' lat='37.5' lon='127.2'/>"
             "<nd ref='3' lat='37.6' lon='127.2'/><nd ref='1' lat='37.5' lon='127.1'/>" +
                 tag("building", "yes") +
                 "</way>"
                 "<relation id='45'><member type='way' ref='20' role='outer'><nd lat='37.1' lon='127.1'/><nd "
                 "lat='37.1' lon='127.2'/></member>"
                 "<member type='way' ref='21' role='outer'><nd lat='37.1' lon='127.2'/><nd lat='37.2' lon='127.2'/><nd "
                 "lat='37.1' lon='127.1'/>"
                 "</member>" +
                 tag("type", "multipolygon") + tag("building", "yes") + "</relation>");
  EXPECT_EQ(sink.count("Building"), 2u);
  EXPECT_EQ(report.warnings_count, 0u);
}

TEST(Import, ObjectsWithoutANumberAreNamedByTheirLine) {
  MemorySink sink;
  const auto report =
      import(sink, square + "<node id='x' lat='1' lon='2'/><way>" + tag("building", "yes") +
                       "</way>"
                       "<node id='5' lat='91' lon='0'>" +
                       tag("shop", "yes") + "</node><node id='6' action='delete'>" + tag("shop", "yes") + "</node>");
  ASSERT_EQ(report.warnings.size(), 3u);
  EXPECT_THAT(report.warnings[0].object, ::testing::StartsWith("line "));
  EXPECT_EQ(report.warnings[2].object, "node/5");
}

TEST(Import, PackedFilesWholeAndCutOff) {
  const std::string packed =
      testing::packed_by_zlib(osm(square + way(10, {1, 2, 3, 4, 1}, tag("building", "yes"))), 31);
  MemorySink sink;
  EXPECT_EQ(import_bytes("a.osm.gz", packed, sink)->imported, 1u);
  EXPECT_EQ(import_bytes("a.osm.gz", packed.substr(0, packed.size() / 2), sink).error().code, base::Code::corrupt);
  std::string broken = packed;
  broken[packed.size() / 2] ^= 0x55;
  EXPECT_EQ(import_bytes("a.osm.gz", broken, sink).error().code, base::Code::corrupt);
  EXPECT_EQ(import_bytes("a.osm.pbf", packed, sink).error().code, base::Code::corrupt);
  EXPECT_EQ(sink.count("Building"), 1u);
}

TEST(Import, AHundredMegabytesWithoutAnEndAreGivenUpEarly) {
  MemorySink sink;
  const std::string endless =
      "<osm version='0.6'><node id='1' lat='1' lon='1'><tag k='name' v='" + std::string(100 << 20, 'x');
  const auto report = import_bytes("a.osm", endless, sink);
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error().what, ::testing::HasSubstr("16 MiB"));
  // Deep nesting and text that is not UTF-8.
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_EQ(import_bytes("a.osm", "<osm>" + deep, sink).error().code, base::Code::corrupt);
  EXPECT_EQ(
      import_bytes("a.osm", osm("<node id='1' lat='1' lon='1'><tag k='shop' v='\xff\xfe'/></node>"), sink).error().code,
      base::Code::corrupt);
}

TEST(Import, StopsWhenAskedAndWhenTheSinkFails) {
  const std::string bytes = osm(square + way(10, {1, 2, 3, 4, 1}, tag("building", "yes")));
  MemorySink sink;
  std::stop_source stop;
  stop.request_stop();
  ImportOptions options;
  options.stop = stop.get_token();
  EXPECT_EQ(import_bytes("a.osm", bytes, sink, options).error().code, base::Code::cancelled);
  sink.fail_after_batches = 0;
  EXPECT_EQ(import_bytes("a.osm", bytes, sink).error().code, base::Code::unavailable);
  EXPECT_EQ(import_bytes("a.txt", bytes, sink).error().code, base::Code::unsupported);
  EXPECT_EQ(import_file("/nowhere/a.osm", sink).error().code, base::Code::not_found);
  EXPECT_EQ(import_city("/nowhere", sink).error().code, base::Code::not_found);
}

TEST(Import, TooManyNodesAreRefusedBeforeAnythingIsWritten) {
  std::string body = square;
  for (int i = 0; i < 100; ++i) body += way(100 + i, {1, 2, 3, 4, 1}, tag("building", "yes"));
  ImportOptions options;
  options.nodes_max = 3;
  MemorySink sink;
  const std::string bytes = osm(body);
  EXPECT_EQ(import_bytes("a.osm", bytes, sink, options).error().code, base::Code::too_large);
  EXPECT_TRUE(sink.entities.empty());
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "cityloom-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << bytes;
  }
  std::filesystem::path path;
};

TEST(Import, AFolderOfFilesTakesEachObjectOnce) {
  TemporaryFolder folder;
  const std::string building = way(10, {1, 2, 3, 4, 1}, tag("building", "yes"));
  folder.write("city.osm", osm(square + building + way(11, {1, 2, 3, 1}, tag("building", "yes"))));
  folder.write("more.osm", osm(square + building));
  folder.write("bad.osm", "<osm");
  folder.write("readings.csv", "a,b");
  MemorySink sink;
  for (int round = 0; round < 2; ++round) {
    const auto report = import_city(folder.path.string(), sink);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->imported, round == 0 ? 2u : 0u);
    EXPECT_THAT(report->files, ::testing::ElementsAre("city.osm", "more.osm"));
    ASSERT_EQ(report->ignored.size(), 1u);
    EXPECT_EQ(report->ignored[0].file, "readings.csv");
    ASSERT_EQ(report->failures.size(), 1u);
    EXPECT_EQ(report->failures[0].file, "bad.osm");
  }
  EXPECT_EQ(sink.value(building_id, "source"), Value(std::string("city.osm")));
}

TEST(Import, FoldersWithinTheFolder) {
  TemporaryFolder folder;
  const auto building = [](int id) { return osm(square + way(id, {1, 2, 3, 4, 1}, tag("building", "yes"))); };
  folder.write("north/roofs.osm", building(10));
  folder.write("south/east/roofs.osm", building(11));
  folder.write(".old/roofs.osm", building(12));
  folder.write("north/.roofs.osm", building(13));
  std::filesystem::create_directory_symlink(folder.path, folder.path / "south" / "again");
  MemorySink sink;
  const auto report = import_city(folder.path.string() + "/", sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->files, ::testing::ElementsAre("north/roofs.osm", "south/east/roofs.osm"));
  EXPECT_EQ(sink.entities.size(), 2u) << "files of one name are two sources";
  EXPECT_EQ(sink.value("urn:ngsi-ld:Building:osm-way-11", "source"), Value(std::string("south/east/roofs.osm")));
  folder.write("1/2/3/4/5/6/7/8/9/deep.osm", building(14));
  EXPECT_EQ(import_city(folder.path.string(), sink).error().code, base::Code::too_large);
}

// Counts in a file of one tag a line, read without any of our readers.
struct Scan {
  size_t building_ways = 0, measured_ways = 0, highway_ways = 0, signals_and_crossings = 0;
};

Scan scan_xml(const std::string& path) {
  Scan scan;
  std::ifstream file(path);
  bool is_way = false, is_building = false, has_height = false, is_highway = false;
  for (std::string line; std::getline(file, line);) {
    const auto has = [&](const char* text) { return line.find(text) != std::string::npos; };
    if (has("<way ") || has("<node ") || has("<relation ")) {
      is_way = has("<way ");
      is_building = has_height = is_highway = false;
    }
    if (has("k=\"building\"")) is_building = true;
    if (has("k=\"height\"")) has_height = true;
    if (has("k=\"highway\"")) is_highway = true;
    if (!is_way && (has("k=\"highway\" v=\"traffic_signals\"") || has("k=\"highway\" v=\"crossing\"")))
      ++scan.signals_and_crossings;
    if (!has("</way>")) continue;
    scan.building_ways += is_building ? 1 : 0;
    scan.measured_ways += is_building && has_height ? 1 : 0;
    scan.highway_ways += is_highway ? 1 : 0;
  }
  return scan;
}

TEST(Import, Jamsil) {
  const std::string path = testing::shared_data("seoul-jamsil/seoul-jamsil.osm");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  uint64_t bytes_done = 0, bytes_total = 0;
  ImportOptions options;
  options.progress = [&](const ImportProgress& progress) {
    EXPECT_GE(progress.bytes_done, bytes_done);
    bytes_done = progress.bytes_done;
    bytes_total = progress.bytes_total;
  };
  const auto report = import_file(path, sink, options);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(bytes_done, bytes_total);
  EXPECT_EQ(sink.count("Building"), 1357u) << "1,355 ways and two multipolygons";
  const std::string tower = "urn:ngsi-ld:Building:osm-way-914963586";
  EXPECT_EQ(sink.value(tower, "height"), Value(int64_t{555}));
  EXPECT_THAT(std::get<twin::Json>(sink.value(tower, "name")).text, ::testing::HasSubstr("롯데월드타워"));
  EXPECT_EQ(sink.value("urn:ngsi-ld:BuildingPart:osm-way-879798708", "partOf"), Value(tower));
  EXPECT_EQ(report->warnings_count, 0u);
  const Scan scan = scan_xml(path);
  EXPECT_EQ(scan.building_ways, 1355u);
  EXPECT_EQ(scan.measured_ways, 644u);
  const auto has_source = [&](const std::string& source) {
    size_t count = 0;
    for (const auto& [id, entity] : sink.entities) {
      const auto* height = id.find(":Building:") == std::string::npos ? nullptr : sink.attribute(id, "height");
      if (height != nullptr && height->members[0].value == Value(source)) ++count;
    }
    return count;
  };
  EXPECT_EQ(has_source("measured"), scan.measured_ways + 2) << "two more by relations";
  EXPECT_EQ(has_source("measured") + has_source("levels") + has_source("estimated"), 1357u);
  size_t levels = 0;
  std::set<std::string> road_ways;
  for (const auto& [id, entity] : sink.entities) {
    levels += sink.attribute(id, "levels") != nullptr ? 1 : 0;
    if (id.find(":RoadSegment:") != std::string::npos) road_ways.insert(id.substr(0, id.rfind('-')));
  }
  EXPECT_EQ(levels, 872u);
  EXPECT_EQ(road_ways.size(), scan.highway_ways);
  EXPECT_EQ(sink.count("TrafficSignal") + sink.count("Crossing"), scan.signals_and_crossings);
  const auto again = import_file(path, sink);
  EXPECT_EQ(again->imported + again->removed, 0u);
  EXPECT_EQ(again->unchanged, sink.entities.size());
}

TEST(Import, MonacoAndPortoAlegre) {
  const std::string monaco = testing::shared_data("monaco/monaco.osm.pbf");
  const std::string porto_alegre = testing::shared_data("transit/porto-alegre.osm.pbf");
  CITYLOOM_REQUIRE_SHARED(monaco);
  MemorySink sink;
  const auto report = import_file(monaco, sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  size_t ways = 0, broken = 0;
  for (const auto& [id, entity] : sink.entities) ways += id.starts_with("urn:ngsi-ld:Building:osm-way-") ? 1 : 0;
  for (const auto& warning : report->warnings) {
    broken += warning.object.starts_with("way/") && warning.reason.starts_with("its ") ? 1 : 0;
  }
  // 23,370 ways have a building tag; a few of the broken outlines are of water or green.
  EXPECT_LE(ways, 23'370u);
  EXPECT_GE(ways + broken, 23'370u);
  EXPECT_EQ(sink.count("TurnRestriction") > 20, true);

  MemorySink other;
  const auto second = import_file(porto_alegre, other);
  ASSERT_TRUE(second.ok()) << second.error().text();
  std::set<std::string> road_ways;
  for (const auto& [id, entity] : other.entities) {
    if (id.find(":RoadSegment:") != std::string::npos) road_ways.insert(id.substr(0, id.rfind('-')));
  }
  // 15,886 ways have a highway tag; some are areas, under construction, or planned.
  EXPECT_GT(road_ways.size(), 15'000u);
  EXPECT_LE(road_ways.size(), 15'886u);
}

}  // namespace
}  // namespace cityloom::space
